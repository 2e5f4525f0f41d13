"""The section of ``yihu.toml`` about access: how much is too much, and how long things last."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from api.access.rules import AccessRules
from yihu.sections import Section


class AccessSection(Section):
    """How much access raises an alarm, and how long requests and copies last."""

    bulk_clips: int = Field(default=50, ge=1, le=100000)
    """More distinct clips than these, opened by one account within the time below, raise an alarm."""
    bulk_minutes: int = Field(default=60, ge=1, le=10080)
    """Minutes within which they are counted."""
    bulk_blocks: bool = False
    """Whether that account is refused further clips until the time has passed."""
    a_minute: int = Field(default=60, ge=1, le=1000)
    """New viewings, copies and requests of one account in a minute."""
    open_requests: int = Field(default=50, ge=1, le=1000)
    """Requests of one account that nobody has decided."""
    approval_days: int = Field(default=30, ge=1, le=365)
    """Days after which an approval ends at the latest."""
    open_copies: int = Field(default=10, ge=1, le=100)
    """Watermarked copies of one account that are not removed yet."""
    copy_hours: int = Field(default=24, ge=1, le=720)
    """Hours after which a watermarked copy is removed."""

    @property
    def rules(self) -> AccessRules:
        """The same as the API knows it."""
        return AccessRules(
            bulk_clips=self.bulk_clips,
            bulk_within=timedelta(minutes=self.bulk_minutes),
            bulk_blocks=self.bulk_blocks,
            a_minute=self.a_minute,
            open_requests=self.open_requests,
            longest_approval=timedelta(days=self.approval_days),
            open_copies=self.open_copies,
            copies_last=timedelta(hours=self.copy_hours),
        )
