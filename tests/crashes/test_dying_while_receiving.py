"""The process dies before each of its steps while a file is being sent; whoever goes on where the mark is ends well."""

from __future__ import annotations

import os
import random
import warnings
from collections import Counter
from pathlib import Path

from storage.announced import Announced
from storage.database import connect
from storage.errors import NotFound
from storage.evidence import Kind, Subject
from storage.identity import fresh
from storage.intake import Intake
from storage.receiving import Receiving
from storage.spool import Spool, verify_reading
from tests.api.conftest import founded, office
from tests.api.small_office import INDEX_KEY, OPERATOR, SmallOffice
from tests.crashes.dying import DIED, Steps, die_before

__all__ = ["founded", "office"]

FILE = random.Random(3).randbytes(2_500_000)


def said(clip: Subject) -> Announced:
    return Announced(clip, OPERATOR.who, OPERATOR.role, len(FILE), "third-party", "路口.mp4", "示例李", "群众提供")


def at_work(small: SmallOffice, spool: Path) -> Intake:
    place = Receiving(spool, reserve=0, clock=small.clock)
    return Intake(place, small.services.custody, small.services.catalog, INDEX_KEY)


def finish(intake: Intake, clip: Subject) -> None:
    """Do what is left to do, as a sender who asks where to go on."""
    try:
        upload = intake.receiving.find(clip)
    except NotFound:
        if intake.was_sent(clip):
            return
        upload = intake.receiving.begin(said(clip))
    with upload.alone():
        while not upload.is_whole:
            with upload.writing() as writer:
                writer.absorb(FILE[writer.position :][:1_100_000])
    intake.complete(upload)


def life(home: Path, clip: Subject, last: int) -> int:
    """A process that dies before step *last*; gives its exit code."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread of somebody else may be there; the child needs none
        child = os.fork()
    if child == 0:
        code = 1
        try:
            small = opened_again(home)
            intake = at_work(small, home / "spool")
            die_before(Steps(last, home / "note"), small.services.engine)
            finish(intake, clip)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def opened_again(home: Path) -> SmallOffice:
    from tests.api import small_office  # noqa: PLC0415 - its own way of opening

    return small_office._opened(home, connect(f"sqlite:///{home}/yihu.db"))


def test_dying_before_any_step_loses_nothing(office: SmallOffice, tmp_path: Path) -> None:
    office.services.engine.dispose()
    deaths, clips = 0, []
    while True:
        clip = fresh(Kind.CLIP)
        clips.append(clip)
        code = life(tmp_path, clip, deaths + 1)
        if code == 0:
            break
        assert code == DIED
        deaths += 1
        small = opened_again(tmp_path)
        intake = at_work(small, tmp_path / "spool")
        intake.receiving.sweep()
        intake.settle()
        finish(intake, clip)
        small.services.engine.dispose()

    small = opened_again(tmp_path)
    spool = Spool(tmp_path / "spool", reserve=0)
    assert deaths > 25
    assert Counter(entry.entry.subject for entry in small.entries("SECURED")) == dict.fromkeys(clips, 1)
    assert sorted(berth.clip for berth in spool.berths()) == sorted(clips)
    for berth in spool.berths():
        verify_reading(berth)
    assert list((tmp_path / "spool" / ".receiving").iterdir()) == []
    small.services.engine.dispose()
