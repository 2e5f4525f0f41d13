"""``/api/parties``: finding a party, and its dossier."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from api import lines
from api.describing import PartyInPath, problems
from api.desk import AtDesk
from api.etags import Tagged
from api.limits import limits
from api.models import DossierWhole, PartyLine
from api.paging import LISTED, AtPage
from api.principal import Principal
from api.roles import Act
from api.rules import Ruled
from api.services import lists_of
from api.signin import allowed

RULE = allowed(Act.READ)
MayRead = Annotated[Principal, Depends(RULE)]
router = Ruled(prefix="/api/parties", route_class=Tagged, tags=["parties"], dependencies=[Depends(RULE)])

Search = Annotated[
    str,
    Query(
        max_length=100,
        description="姓名或名称的一部分，或完整证件号码 · part of a name, or a whole id number",
        examples=["示例"],
    ),
]


@router.get("", summary="查找当事人 · Find parties", responses={**problems(), **LISTED})
def parties(desk: AtDesk, caller: MayRead, page: AtPage, q: Search = "") -> list[PartyLine]:
    """Return the parties that *q* finds, in the order of registration; all that the caller may see if it is empty."""
    found = lists_of(desk.services).parties(page.slice(), q, limits(caller, Act.READ))
    page.lead_on(found.last)
    return [lines.party(one) for one in found.items]


@router.get("/{party}/dossier", summary="一户档案 · The dossier of a party", responses=problems("not-found"))
def dossier(desk: AtDesk, caller: MayRead, party: PartyInPath) -> DossierWhole:
    """Return everything about one party: its matters, and each clip that is filed to them, once."""
    found = desk.services.dossiers.dossier(party, limits(caller, Act.READ))
    return DossierWhole(
        party=lines.party(found.party),
        matters=[lines.matter(file.matter) for file in found.matters],
        clips=lines.filed_clips(desk.services.engine, found.clips),
    )
