"""``/api/matters``: matters and cases, their five stages, and the clips filed to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from api import lines
from api.describing import MatterInPath, problems
from api.desk import AtDesk
from api.etags import Tagged
from api.limits import limits
from api.models import FiledClip, MatterFile, MatterLine, StageFile
from api.paging import LISTED, AtPage
from api.principal import Principal
from api.roles import Act
from api.rules import Ruled
from api.services import lists_of
from api.signin import allowed
from storage.evidence import Stage

RULE = allowed(Act.READ)
MayRead = Annotated[Principal, Depends(RULE)]
router = Ruled(prefix="/api/matters", route_class=Tagged, tags=["matters"], dependencies=[Depends(RULE)])

InStage = Annotated[Stage | None, Query(description="五个环节之一 · one of the five stages", examples=["investigation"])]


@router.get("", summary="事项与案件 · Matters and cases", responses={**problems(), **LISTED})
def matters(desk: AtDesk, caller: MayRead, page: AtPage) -> list[MatterLine]:
    """Return the matters that the caller may see, the newest first."""
    found = lists_of(desk.services).matters(page.slice(newest_first=True), limits(caller, Act.READ))
    page.lead_on(found.last)
    return [lines.matter(one) for one in found.items]


@router.get("/{matter}", summary="一个事项（案件） · One matter", responses=problems("not-found"))
def one_matter(desk: AtDesk, matter: MatterInPath) -> MatterFile:
    """Return one matter with its parties, and its activities by stage."""
    dossiers = desk.services.dossiers
    found = dossiers.matter_file(matter)
    return MatterFile(
        matter=lines.matter(found.matter),
        parties=[lines.party(one) for one in dossiers.parties_of(matter)],
        stages=[
            StageFile(stage=file.stage, activities=[lines.activity(act.activity) for act in file.activities])
            for file in found.stages
        ],
    )


@router.get(
    "/{matter}/clips",
    summary="案件各环节的音像记录 · The clips of a matter",
    responses={**problems("not-found"), **LISTED},
)
def clips_of_matter(desk: AtDesk, page: AtPage, matter: MatterInPath, stage: InStage = None) -> list[FiledClip]:
    """Return each clip filed to the matter (or to one stage of it) once, with its filings there, the oldest first."""
    found = lists_of(desk.services).matter_clips(matter, page.slice(), stage)
    page.lead_on(found.last)
    return lines.filed_clips(desk.services.engine, found.items)
