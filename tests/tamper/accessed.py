"""Access in an honest office: two of every row, one with everything in it."""

from __future__ import annotations

from datetime import timedelta

from api.access.reasons import Why
from api.access.requests import Requests
from api.access.rules import AccessRules
from storage import copies
from storage.copies import Copies
from storage.evidence import Actor, Entry, Json, Kind, Subject
from storage.identity import fresh
from yihu.wiring import Office


def look(office: Office, asker: Actor) -> None:
    """Let *asker* watch, ask, take copies away and look at too much."""
    clips = [clip.subject for clip in office.catalog.clips() if clip.state == "rendered"]
    for clip in clips[:2]:
        _watch(office, clip, asker)
        _ask(office, clip, asker)
        _copy(office, clip, asker)
    before = -1
    for many in (51, 52):
        body: dict[str, Json] = {"before": before, "clips": many, "most": 50, "since": "2026-11-24T07:00:00.000Z"}
        before = office.custody.record(Entry("BULK_ACCESS", asker.who, asker, body)).seq


def _watch(office: Office, clip: Subject, asker: Actor) -> None:
    viewing = str(fresh(Kind.VIEWING))
    seen = office.custody.record(Entry("ACCESSED", clip, asker, {"viewing": viewing, "what": "review"}, {"reason": "办案"}))
    told: dict[str, Json] = {"ended": "closed", "ranges_ms": [[0, 1000]], "sent": 5, "size": 9}
    office.custody.record(Entry("WATCHED", clip, asker, {"accessed": seen.seq, "viewing": viewing, **told}))


def _ask(office: Office, clip: Subject, asker: Actor) -> None:
    requests = Requests(office.custody, office.engine, office.clock, AccessRules())
    matter = str(office.dossiers.matters()[0].subject)
    for what in ("original", "review"):
        found, _is_new = requests.ask(clip, what, Why({"matter": matter}, {"reason": "移送"}), actor=asker)
        until = office.clock() + timedelta(hours=1)
        if what == "original":
            requests.approve(found, until=until, reason="同意", actor=office.operator)
            requests.withdraw(found, reason="不再需要", actor=asker)


def _copy(office: Office, clip: Subject, asker: Actor) -> None:
    copy = fresh(Kind.VIEWING).id
    personal: dict[str, Json] = {"reason": "听证", "mark": ["样例员"]}
    office.custody.record(copies.asked(clip, copy, body={}, personal=personal, actor=asker))
    made: dict[str, Json] = {
        "blake3": f"blake3:{'0' * 64}",
        "media_type": "video/mp4",
        "obj": {"b": "index", "k": f"copies/{copy}", "ver": "1"},
        "sha256": f"sha256:{'0' * 64}",
        "size": 9,
    }
    found = Copies(office.engine).one(copy)
    office.custody.record(copies.made(found, body=made, until=office.clock() + timedelta(hours=1), actor=office.dock))
