"""``/api/parties``: finding a party, and its dossier."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from api import lines
from api.describing import PartyInPath, problems
from api.desk import AtDesk
from api.limits import limits
from api.models import DossierWhole, PartyLine
from api.roles import Act
from api.rules import Ruled
from api.signin import Caller, allowed

RULE = allowed(Act.READ)
MayRead = Annotated[Caller, Depends(RULE)]
router = Ruled(prefix="/api/parties", tags=["parties"], dependencies=[Depends(RULE)])

Search = Annotated[
    str,
    Query(
        max_length=100,
        description="姓名或名称的一部分，或完整证件号码 · part of a name, or a whole id number",
        examples=["示例"],
    ),
]


@router.get("", summary="查找当事人 · Find parties", responses=problems())
def parties(desk: AtDesk, caller: MayRead, q: Search = "") -> list[PartyLine]:
    """Return the parties that *q* finds; all of them if it is empty."""
    dossiers, mine = desk.services.dossiers, limits(caller, Act.READ)
    found = dossiers.find_party(q, mine) if q.strip() else dossiers.parties(mine)
    return [lines.party(one) for one in found]


@router.get("/{party}/dossier", summary="一户档案 · The dossier of a party", responses=problems("not-found"))
def dossier(desk: AtDesk, caller: MayRead, party: PartyInPath) -> DossierWhole:
    """Return everything about one party: its matters, and each clip that is filed to them, once."""
    found = desk.services.dossiers.dossier(party, limits(caller, Act.READ))
    return DossierWhole(
        party=lines.party(found.party),
        matters=[lines.matter(file.matter) for file in found.matters],
        clips=lines.filed_clips(desk.services.engine, found.clips),
    )
