"""What a dock found on a card is signed by its own key; whoever has only the log's key cannot make it up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from storage.custody import Custody
from storage.dock_keys import DockSigner, recorded_key
from storage.errors import StorageUnavailable
from storage.evidence import Entry, Kind, Recorded
from storage.identity import fresh as pseudonym
from storage.key_faults import key_faults
from storage.ledger.keys import FileSigner, VerifierKey
from storage.ledger.publish import DirectoryShelf, publish
from storage.verifier.logdir import verify_directory
from storage.verifier.steps import Outcome, Report
from tests.crashes.offices import fill, footage, founded, opened, take_in
from yihu.wiring import Office


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card with two small clips."""
    return fill(tmp_path / "card", footage(2))


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that renders nothing."""
    return founded(tmp_path / "office")


def entries(office: Office, type_: str) -> list[dict[str, Any]]:
    leaves = [json.loads(office.log.leaf(seq)) for seq in range(int((office.log.checkpoint()).split("\n")[1]))]
    return [leaf for leaf in leaves if leaf["type"] == type_]


def verdict(office: Office, to: Path) -> Report:
    office.log.checkpoint()
    publish(office.log, DirectoryShelf(to))
    return verify_directory(to, [VerifierKey.parse(office.log.vkey)])


def findings(office: Office) -> list[str]:
    return key_faults(office.engine, office.log, office.vault).findings


def forged(office: Office, signer: FileSigner | None) -> None:
    """A list that no dock has made, recorded by whoever has the machine; *signer* is the key he has."""
    body: dict[str, Any] = {"files": 1, "bytes": 3, "root": "0" * 64}
    device = next(entry for entry in entries(office, "DEVICE_ENROLLED"))["sub"]
    subject = type(office.dock.who).parse(device)
    if signer is not None:
        made = DockSigner(signer, office.custody, office.engine, office.dock, office.log.origin, office.clock)
        made._is_recorded = True
        body["sig"] = made(subject, body)
    office.custody.record(Entry("MANIFESTED", subject, office.dock, body, {"rows": [], "salts": []}))


def test_every_list_is_signed_and_the_key_is_recorded_once(office: Office, card: Path, tmp_path: Path) -> None:
    take_in(office, card)
    take_in(opened(office.home), card)
    report = verdict(office, tmp_path / "log")

    assert len(entries(office, "DOCK_KEY_SET")) == 1
    assert ["sig" in entry["body"] for entry in entries(office, "MANIFESTED")] == [True, True]
    assert (report.outcome, report.steps[-1].name) == (Outcome.CONSISTENT, "manifests")
    assert (findings(office), key_faults(office.engine, office.log, office.vault).checked > 3) == ([], True)


@pytest.mark.parametrize("who", ["unsigned", "another key"])
def test_whoever_has_only_the_log_cannot_make_up_a_list(office: Office, card: Path, tmp_path: Path, who: str) -> None:
    take_in(office, card)
    stranger = FileSigner.generate(tmp_path / "other.pem", name=str(office.dock.who))
    forged(office, stranger if who == "another key" else None)
    report = verdict(office, tmp_path / "log")

    assert [step.name for step in report.steps if not step.ok] == ["manifests"]
    assert len(findings(office)) == 1


def test_a_signature_is_good_for_one_list_of_one_camera(office: Office, card: Path, tmp_path: Path) -> None:
    take_in(office, card)
    (signed,) = entries(office, "MANIFESTED")
    subject = pseudonym(Kind.DEVICE)
    office.custody.record(Entry("DEVICE_ENROLLED", subject, office.dock, {"identified_by": "named"}, {"label": "x"}))
    office.custody.record(Entry("MANIFESTED", subject, office.dock, signed["body"], {"rows": [], "salts": []}))

    assert [step.name for step in verdict(office, tmp_path / "log").steps if not step.ok] == ["manifests"]


def test_an_exchanged_key_is_recorded_for_all_to_see(office: Office, card: Path, tmp_path: Path) -> None:
    take_in(office, card)
    (office.home / "keys" / "dock.pem").unlink()
    made = FileSigner.generate(office.home / "keys" / "dock.pem", name=str(office.dock.who))
    take_in(opened(office.home), card)

    assert recorded_key(office.engine, office.dock.who) == made.vkey
    assert len(entries(office, "DOCK_KEY_SET")) == 2
    assert verdict(office, tmp_path / "log").outcome is Outcome.CONSISTENT


def test_a_dock_without_a_key_takes_in_all_the_same(office: Office, card: Path, tmp_path: Path) -> None:
    """An older office has none; nothing is signed and nothing is asked for."""
    (office.home / "keys" / "dock.pem").unlink()
    take_in(office, card)

    assert entries(office, "DOCK_KEY_SET") == []
    assert "sig" not in entries(office, "MANIFESTED")[0]["body"]
    assert "manifests" not in [step.name for step in verdict(office, tmp_path / "log").steps]


@pytest.mark.parametrize("moment", ["before", "after"], ids=["lost write", "lost answer"])
def test_the_key_is_recorded_once_whatever_is_lost(
    office: Office, card: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    really = Custody.record

    def lost(self: Custody, entry: Entry) -> Recorded:
        if entry.type != "DOCK_KEY_SET":
            return really(self, entry)
        if moment == "after":
            really(self, entry)
        message = "unplugged"
        raise StorageUnavailable(message)

    with monkeypatch.context() as patch:
        patch.setattr(Custody, "record", lost)
        with pytest.raises(StorageUnavailable):
            take_in(office, card)
    report = take_in(opened(office.home), card)

    assert len(report.secured) == 2
    assert len(entries(office, "DOCK_KEY_SET")) == 1
    assert findings(office) == []
