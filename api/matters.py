"""``/api/matters``: matters and cases, their five stages, and the clips filed to them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from api import lines
from api.describing import MatterInPath, problems
from api.desk import AtDesk
from api.models import FiledClip, MatterFile, MatterLine, StageFile
from api.roles import Act
from api.signin import allowed
from storage.evidence import Stage

router = APIRouter(prefix="/api/matters", tags=["matters"], dependencies=[Depends(allowed(Act.READ))])

InStage = Annotated[Stage | None, Query(description="五个环节之一 · one of the five stages", examples=["investigation"])]


@router.get("", summary="事项与案件 · Matters and cases", responses=problems())
def matters(desk: AtDesk) -> list[MatterLine]:
    """Return every matter, the newest first."""
    return [lines.matter(one) for one in reversed(desk.services.dossiers.matters())]


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


@router.get("/{matter}/clips", summary="案件各环节的音像记录 · The clips of a matter", responses=problems("not-found"))
def clips_of_matter(desk: AtDesk, matter: MatterInPath, stage: InStage = None) -> list[FiledClip]:
    """Return each clip filed to the matter (or to one stage of it) once, with its filings there."""
    return lines.filed_clips(desk.services.engine, desk.services.dossiers.case_clips(matter, stage))
