"""The sections of ``yihu.toml`` about the server: what may be sent to it, and how it is watched."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Literal

from pydantic import Field

from storage.receiving import Allowance
from yihu.sections import Section

_GIB = 1 << 30


class UploadsSection(Section):
    """What may be sent to us over the network."""

    enabled: bool = True
    """Whether ``yihu serve`` receives files at all."""
    largest_gib: int = Field(default=64, ge=1, le=1024)
    """Size in GiB of the largest file."""
    each_account_gib: int = Field(default=256, ge=1, le=16384)
    """GiB of everything that one account has begun and not finished."""
    most_open: int = Field(default=32, ge=1, le=1000)
    """How many files one account may have begun and not finished."""
    abandoned_hours: int = Field(default=168, ge=1)
    """Hours after which a file that is not whole and was left alone is given up. What is whole never is."""

    @property
    def allowance(self) -> Allowance:
        """Return the same as storage knows it."""
        return Allowance(
            largest=self.largest_gib * _GIB,
            each_account=self.each_account_gib * _GIB,
            most_open=self.most_open,
            abandoned_after=timedelta(hours=self.abandoned_hours),
        )


class OperationsSection(Section):
    """How the server is watched, and how it ends."""

    metrics: Literal["loopback", "token", "off"] = "loopback"
    """Who may read ``/metrics``: programs of this machine, whoever has the token below, or nobody."""
    metrics_token: Path = Path("keys/metrics")
    """File (mode 0600) with that token: 64 hexadecimal digits."""
    head_seconds: int = Field(default=300, ge=10)
    """``/readyz`` fails when an entry has waited so long for a signed checkpoint."""
    anchor_hours: int = Field(default=72, ge=1)
    """``/readyz`` fails when an entry has waited so long for the witnesses, where there are some."""
    grace_seconds: int = Field(default=5, ge=1, le=300)
    """Seconds that requests under way are given when the program is asked to end."""
