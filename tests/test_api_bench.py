"""What the benchmark of the API measures is the real server over the real object, and whoever is not answered is no figure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.api import Bench
from bench.calling import CALLS, PREPARED, Asked, connected, milliseconds, took_each
from bench.client import Client
from bench.measure import RunFailed
from bench.report import Report
from bench.seeded import Seeded, seeded
from bench.signing_in import at_once, bare
from bench.streaming import sides, streamed, ways
from bench.web_servers import Serving, yihu_serve

_MIB = 2**20
_LOGINS = ["one.reviewer", "another.reviewer"]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Seeded:
    """Two parties; the case of the first has three clips, that of the other one."""
    home = tmp_path_factory.mktemp("bench") / "office"
    made = seeded(home, url=None, parties=2, clips=2, large=2, logins=_LOGINS)
    line = connected(str(home / "yihu.db"))
    line.execute(PREPARED.format(bytes="BLOB"))
    line.commit()
    line.close()
    return made


@pytest.fixture(scope="module")
def serving(office: Seeded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with yihu_serve(office.home, tmp_path_factory.mktemp("serve")) as server:
        yield server


@pytest.fixture
def client(serving: Serving) -> Iterator[Client]:
    one = Client(serving.port)
    one.sign_in(_LOGINS[0])
    yield one
    one.close()


def test_every_call_is_answered_by_the_api_and_by_its_sql(office: Seeded, serving: Serving, client: Client) -> None:
    about = {"dossier": office.parties, "case": office.matters, "case_clips": office.matters}
    for call in CALLS:
        subjects = about.get(call, office.clips)
        ours = Asked(call, subjects, users=2, times=2, port=serving.port, headers=client.headers)
        theirs = Asked(call, subjects, users=2, times=2, database=str(office.home / "yihu.db"))

        assert min(took_each(ours)) > 0 < min(took_each(theirs))


def test_the_statements_of_a_call_find_what_the_call_shows(office: Seeded, client: Client) -> None:
    line = connected(str(office.home / "yihu.db"))
    clips, kinds = (line.execute(each, (office.large,)).fetchall() for each in CALLS["case_clips"].statements)
    line.close()
    shown = json.loads(client.get(f"/api/matters/{office.large}/clips"))

    assert len(shown) == len(clips) == len(kinds) == 3


def test_a_call_that_is_refused_is_not_measured(office: Seeded, serving: Serving) -> None:
    with pytest.raises(RunFailed):
        milliseconds(Asked("clip", office.clips, users=1, times=1, port=serving.port))


def test_whoever_signs_in_is_let_in_and_costs_at_least_a_hash(serving: Serving) -> None:
    together, alone = at_once(serving, _LOGINS), bare(2)

    assert together.cpu > 0.5 * alone.cpu > 0
    assert together.rss > 64
    with pytest.raises(RunFailed):
        at_once(serving, ["nobody.here"])


@pytest.mark.needs("nginx")
def test_both_servers_give_all_that_was_asked_of_the_same_object(tmp_path: Path) -> None:
    with sides(tmp_path / "work", size=_MIB + 1, server=None) as both:
        for parts in ways(both.size).values():
            found = streamed(both, parts, viewers=2, runs=1)
            assert found.size == 2 * both.size
            assert min(found.ours[0].wall, found.theirs[0].wall, found.ours[0].rss, found.theirs[0].rss) > 0


def test_calls_are_told_as_ratios_pair_by_pair(tmp_path: Path) -> None:
    bench = Bench(tmp_path, Report("api"), runs=2, is_full=False)
    bench.tell_call("clip", [([4.0] * 9, [2.0] * 9), ([9.0] * 9, [3.0] * 9)])
    figures = json.loads(bench.report.as_json())["figures"]

    assert figures["clip_p50_ratio"]["value"] == figures["clip_p99_ratio"]["value"] == 2.5
