"""Exports of whole cases wherever an office keeps its ledger and its evidence, stamped, and after its key was changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storage.evidence import Subject
from storage.ledger.keys import VerifierKey
from storage.local_s3 import LocalS3
from storage.verifier.bundle import verify_bundle
from storage.verifier.rotation import ValidKey
from storage.verifier.steps import Outcome
from tests.crashes.offices import footage, founded
from tests.servers.fixtures import seaweed
from tests.servers.tsa_server import tsa_server
from yihu.exporting import export, select_case
from yihu.wiring import Office

from .commanding import answer
from .whole_office import Everything, audited, everything_in, on_each, postgresql, prepared_database, small

__all__ = ["on_each", "postgresql", "prepared_database", "seaweed", "small"]


def hand_over(made: Everything, out: Path, *more: object) -> Any:  # noqa: ANN401 - JSON
    config = made.office.home / "yihu.toml"
    return answer("export", "--case", made.case, "--out", out, "--unanchored", "--config", config, *more)


def history(office: Office, subject: Subject) -> list[str]:
    return [line.type for line in office.catalog.history(subject)]


def test_the_history_of_a_case_says_that_it_was_handed_over_on_each_database(on_each: Everything, tmp_path: Path) -> None:
    """And so do the histories of its clips; those of others do not, and a closed case says it too."""
    registry, office = on_each.office.registry, on_each.office
    done = export(office, select_case(office, on_each.case), tmp_path / "bundle", needs_outside=False)

    assert history(office, on_each.case)[-1] == history(office, on_each.filed)[-1] == "EXPORTED"
    assert "EXPORTED" not in history(office, on_each.loose) + history(office, on_each.activity)
    assert len(done.recorded) == 2
    leaf = office.log.leaf(done.recorded[0])
    assert b'"sub":"matter:' in leaf
    assert b'"matter"' not in leaf
    assert verify_bundle(tmp_path / "bundle", [VerifierKey.parse(office.log.vkey)]).outcome is Outcome.CONSISTENT

    registry.close(on_each.case, actor=office.operator)
    export(office, select_case(office, on_each.case), tmp_path / "again", needs_outside=False)
    assert history(office, on_each.case)[-2:] == ["MATTER_CLOSED", "EXPORTED"]
    assert verify_bundle(tmp_path / "again", [VerifierKey.parse(office.log.vkey)]).outcome is Outcome.CONSISTENT
    assert audited(office) == []


def test_a_clip_handed_over_alone_says_nothing_of_its_case(small: Everything, tmp_path: Path) -> None:
    config = small.office.home / "yihu.toml"
    answer("export", "--clip", small.filed, "--out", tmp_path / "bundle", "--unanchored", "--config", config)

    assert history(small.office, small.filed)[-1] == "EXPORTED"
    assert "EXPORTED" not in history(small.office, small.case)


@pytest.mark.servers
def test_evidence_on_a_real_s3_is_handed_over(seaweed: LocalS3, tmp_path: Path) -> None:
    """The originals come from the server; changed there, they would be refused, since they are held to the ledger."""
    (tmp_path / "office" / "keys").mkdir(parents=True, mode=0o700)
    for name, text in (("s3-access", seaweed.access_key), ("s3-secret", seaweed.secret_key)):
        (tmp_path / "office" / "keys" / name).touch(mode=0o600)
        (tmp_path / "office" / "keys" / name).write_text(text)
    settings = ("", "[store]", 'kind = "s3"', f'endpoint = "{seaweed.endpoint}"', "shared = true")
    made = everything_in(founded(tmp_path / "office", *settings), tmp_path / "card")
    hand_over(made, tmp_path / "bundle")

    assert verify_bundle(tmp_path / "bundle", [VerifierKey.parse(made.office.log.vkey)]).outcome is Outcome.CONSISTENT
    (original,) = (tmp_path / "bundle/data/media").iterdir()
    assert original.read_bytes() in footage(2).values()
    made.office.engine.dispose()


def test_an_office_that_changed_its_key_says_which_keys_its_bundle_needs(small: Everything, tmp_path: Path) -> None:
    """Values that were recorded under the old key are disclosed as ever."""
    config, old = ("--config", small.office.home / "yihu.toml"), small.office.log.vkey
    size = int((small.office.log.latest() or "").split("\n")[1])
    before = hand_over(small, tmp_path / "before")
    answer("key", "rotate", *config)
    retired = answer("key", "retire", *config)["entry"]
    telling = ("--disclose", "title", "--reason", "x")
    after = hand_over(small, tmp_path / "after", *telling)
    held = hand_over(small, tmp_path / "held", "--since", size, *telling)

    assert before["verifier_keys"] == [old]
    (new,) = after["verifier_keys"]
    assert new.startswith(f"{after['verifier_key']}@")
    assert held["verifier_keys"] == [f"{old}@0-{retired}", new]
    for done, name in ((before, "before"), (after, "after"), (held, "held")):
        keys = [ValidKey.parse(text) for text in done["verifier_keys"]]
        assert [key.text for key in keys] == done["verifier_keys"]
        assert verify_bundle(tmp_path / name, keys).outcome is Outcome.CONSISTENT, name
    assert verify_bundle(tmp_path / "after", [VerifierKey.parse(old)]).outcome is Outcome.FAILED
    assert "演示" in "".join(path.read_text() for path in (tmp_path / "after/data/disclosure").iterdir())


@pytest.mark.needs("openssl")
def test_the_first_time_stamp_over_everything_goes_with_it(small: Everything, tmp_path: Path) -> None:
    """Its head is older than that of the bundle: the entry about the time-stamp itself came after it."""
    settings, key = small.office.home / "yihu.toml", VerifierKey.parse(small.office.log.vkey)
    with tsa_server(tmp_path) as server:
        lines = f'tsa = "{server.url}"\ntsa_roots = "{server.authority.roots_file}"\n'
        settings.write_text(settings.read_text().replace("[ledger]\n", f"[ledger]\n{lines}"))
        asked = []
        for name in ("first", "second"):
            asked.append(answer("timestamp", "ask", "--config", settings)["size"])
            hand_over(small, tmp_path / name)
        hand_over(small, tmp_path / "late")

    for name, size in zip(("first", "second"), asked, strict=True):
        (token,) = (tmp_path / name / "data/timestamps").iterdir()
        assert token.name.startswith(f"{size:016d}-")
        assert verify_bundle(tmp_path / name, [key], tsa_roots=server.authority.roots).outcome is Outcome.CONSISTENT
        assert verify_bundle(tmp_path / name, [key], tsa_roots=server.other.roots).outcome is Outcome.FAILED
    assert not (tmp_path / "late/data/timestamps").exists()  # that it was handed over before is under no time-stamp yet
