"""A small office to be audited, and what can be done to it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from storage.audit import Audit, Step, Verdict
from storage.database import writing
from storage.evidence import Subject, TimeRange
from tests.crashes.offices import fill, take_in
from yihu.wiring import Office


def audit(office: Office, **more: Any) -> Verdict:  # noqa: ANN401 - what an audit may be told
    return Audit(office.engine, office.log, office.projector, office.vault, office.store, **more).run()


def of(verdict: Verdict, name: str) -> Step:
    (step,) = [step for step in verdict.steps if step.name == name]
    return step


def change(office: Office, *statements: Any) -> None:  # noqa: ANN401 - SQL
    with writing(office.engine) as connection:
        for statement in statements:
            connection.execute(statement)


def clip_named(office: Office, name: str) -> Subject:
    return next(clip.subject for clip in office.catalog.clips() if clip.name == name)


def original(office: Office, name: str) -> Path:
    clip = office.catalog.clip(clip_named(office, name))
    return office.home / "store" / "evidence" / f"{clip.object_key}.object" / f"{clip.object_version}.bytes"


def spoil(path: Path, place: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(raw)


def head_of(office: Office) -> str:
    head = audit(office).head
    assert head is not None
    return head


def more(office: Office) -> Subject:
    """A day on: one clip more, filed to the same activity; a part of an older one filed and taken back."""
    card = fill(office.home.parent / "second card", {b"second.MP4": b"second"})
    take_in(office, card)
    second, older = clip_named(office, "second.MP4"), clip_named(office, "long.MP4")
    file = office.dossiers.matter_file(office.dossiers.matters()[0].subject)
    act = next(one.activity.subject for stage in file.stages for one in stage.activities)
    office.registry.file_clip(second, act, actor=office.operator)
    part = TimeRange(timedelta(0), timedelta(seconds=1))
    office.registry.unfile(office.registry.file_clip(older, act, range=part, actor=office.operator), actor=office.operator)
    office.log.checkpoint()
    return second


def opened(content: bytes) -> Any:  # noqa: ANN401 - bytes to read
    import io  # noqa: PLC0415 - here alone

    return io.BytesIO(content)
