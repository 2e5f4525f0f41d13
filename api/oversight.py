"""
``/api/oversight``: what an audit administrator sees: refusals, sign-ins, what was done to accounts, who let whom see footage.

Pseudonyms only. An approval that was given at the machine itself has ``at`` = ``machine`` and the role of its operator.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from api.describing import problems
from api.desk import AtDesk
from api.models import LEDGER_NUMBERS, shown
from api.reach.queries import newest
from api.roles import Act
from api.rules import Ruled
from api.samples import example
from api.signin import allowed
from storage.evidence import Kind, Role, utc_text
from storage.ledger.leaf import Leaf

router = Ruled(prefix="/api/oversight", tags=["oversight"], dependencies=[Depends(allowed(Act.OVERSEE))])

_PAGE = 200


class About(StrEnum):
    """What is looked at."""

    REFUSALS = "refusals"
    SIGN_INS = "sign-ins"
    ACCOUNTS = "accounts"
    ACCESS = "access"


_TYPES = {
    About.REFUSALS: ("REFUSED", "SIGN_INS_REFUSED"),
    About.SIGN_INS: ("SIGNED_IN", "SESSION_ENDED", "SIGN_INS_REFUSED", "TOKEN_CAME"),
    About.ACCOUNTS: (
        "ACCOUNT_CREATED",
        "ACCOUNT_DISABLED",
        "ACCOUNT_ENABLED",
        "IDENTITY_BOUND",
        "IDENTITY_UNBOUND",
        "LINK_MADE",
        "PASSWORD_SET",
        "ROLE_GRANTED",
        "ROLE_WITHDRAWN",
        "TOKEN_ISSUED",
        "TOKEN_REVOKED",
        "TOTP_REMOVED",
        "TOTP_SET",
    ),
    About.ACCESS: ("ACCESS_APPROVED", "ACCESS_DENIED", "ACCESS_WITHDRAWN", "BULK_ACCESS"),
}


class OversightLine(BaseModel):
    """一条流转记录；其中只有假名。An entry; it names nobody."""

    model_config = shown(
        {
            "seq": 7,
            "type": "REFUSED",
            "at": "2026-11-21T14:35:07.000Z",
            "actor": example(Kind.ACCOUNT),
            "role": "auditor",
            "subject": example(Kind.ACCOUNT),
            "body": {"act": "file", "route": "POST /api/filings"},
        }
    )
    seq: Annotated[int, Field(ge=0, le=LEDGER_NUMBERS)]
    type: str
    at: str
    actor: str
    role: Role
    subject: str
    body: dict[str, Any]


AboutWhat = Annotated[About, Query(description="拒绝、登录、账户或批准 · which sort of entries", examples=["refusals"])]
Before = Annotated[int, Query(ge=0, le=LEDGER_NUMBERS, description="此编号之前 · older than that entry", examples=[200])]


@router.get("", summary="审计管理员所见 · What an audit administrator sees", responses=problems())
def oversight(desk: AtDesk, about: AboutWhat = About.REFUSALS, before: Before = LEDGER_NUMBERS) -> list[OversightLine]:
    """Return such entries, the newest first, two hundred at a time."""
    found = newest(desk.services.engine, _TYPES[about], before=before, most=_PAGE)
    return [_line(seq, Leaf.decode(desk.services.log.leaf(seq))) for seq in found]


def _line(seq: int, leaf: Leaf) -> OversightLine:
    return OversightLine(
        seq=seq,
        type=leaf.type,
        at=utc_text(leaf.at),
        actor=leaf.actor,
        role=Role(leaf.role),
        subject=leaf.subject,
        body=dict(leaf.body),
    )
