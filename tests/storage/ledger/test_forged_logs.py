"""
An attacker who holds the log's real key and signs what he made of the log; and what somebody outside can do against him.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from proofbundle.checkpoint import cosign_checkpoint, cosign_vkey

from storage.ledger.checkpoint import Checkpoint, sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.ledger.leaf import canonical
from storage.verifier import VerificationError
from storage.verifier.lifecycle import LifeCycle
from storage.verifier.logdir import verify_directory
from storage.verifier.program import main
from storage.verifier.steps import Outcome

from .conftest import WITNESS, WITNESS_KEY, SmallLog, log_of, signer, wrong_steps

KEYS = [VerifierKey.parse(signer().vkey)]
LIFE_CYCLE = LifeCycle.parse(
    canonical(
        {
            "moves": [
                {"after": [""], "kind": "clip", "then": "secured", "type": "SECURED"},
                {"after": ["secured"], "kind": "clip", "then": None, "type": "ACCESSED"},
            ],
            "v": 1,
        }
    )
)


def test_all_optional_steps_can_hold_together(tmp_path: Path, small_log: SmallLog) -> None:
    root = small_log.write(tmp_path)
    note = cosign_checkpoint((root / "checkpoint").read_text(), WITNESS, WITNESS_KEY.name, 1_763_600_000)
    (root / "checkpoint").write_text(note)
    held = [small_log.note(size) for size in (1, 256, 257, 300, 1)]

    report = verify_directory(root, KEYS, witnesses=[WITNESS_KEY], held=held, life_cycle=LIFE_CYCLE)

    assert wrong_steps(report) == set()
    assert report.outcome is Outcome.VERIFIED
    names = ["signature", "witnesses", "files", "entries", "order", "life cycle", "tiles", "root", "held"]
    assert [step.name for step in report.steps] == names


def test_another_key_is_another_log(copied: Path) -> None:
    report = verify_directory(copied, [VerifierKey.parse(signer(2).vkey)])

    assert wrong_steps(report) == {"signature"}
    assert report.outcome is Outcome.FAILED


@pytest.mark.parametrize(
    "keys", [[], [*KEYS, VerifierKey.parse(signer(2, name="other.example").vkey)]], ids=["no key", "two logs"]
)
def test_keys_of_no_log_or_of_two_verify_nothing(copied: Path, keys: list[VerifierKey]) -> None:
    assert wrong_steps(verify_directory(copied, keys)) == {"signature"}


FORGERIES: dict[str, dict[str, object]] = {
    "a number is left out": {"seq": 21},
    "a number comes again": {"seq": 19},
    "an entry of another log": {"log": "office.example/yihu/station-8"},
    "history not linked": {"previous": None, "subject": "clip:0"},
    "history linked to another entry": {"previous": (3, b"\0" * 32)},
    "the clock went back silently": {"at": log_of(1).leaves[0].at - timedelta(seconds=1)},
    "the clock is said to have gone back, and did not": {"stepped_back_ms": 5},
}


@pytest.mark.parametrize("changes", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_entry_is_noticed_though_the_real_key_signed_it(tmp_path: Path, changes: dict[str, object]) -> None:
    log = log_of(20)
    log.add(**changes)
    for _ in range(5):
        log.add()

    report = verify_directory(log.write(tmp_path), KEYS)

    assert wrong_steps(report) == {"order"}
    assert "entry 20" in str(report.steps[3].detail)


def test_a_clock_that_went_back_is_no_fault_when_the_entry_says_so(tmp_path: Path) -> None:
    log = log_of(20)
    log.add(at=log.leaves[-1].at - timedelta(days=400, milliseconds=3), stepped_back_ms=400 * 86_400_000 + 3)
    log.add(at=log.leaves[-1].at)
    log.add()

    assert verify_directory(log.write(tmp_path), KEYS).outcome is Outcome.CONSISTENT


def test_an_entry_that_is_not_of_the_one_form_is_noticed_though_its_hash_is_signed(tmp_path: Path) -> None:
    """The tree is right, the signature is right; the entry could be read in two ways."""
    log = log_of(29)
    leaf = log_of(30).leaves[-1]
    log.put(leaf, leaf.encode().replace(b'"alg":', b'"alg": '))

    report = verify_directory(log.write(tmp_path), KEYS)

    assert wrong_steps(report) == {"entries"}
    assert "entry 29: JSON" in str(report.steps[2].detail)


def test_an_entry_that_may_not_follow_is_noticed(tmp_path: Path) -> None:
    log = log_of(9)
    log.add(type="CLEARED")

    report = verify_directory(log.write(tmp_path), KEYS, life_cycle=LIFE_CYCLE)

    assert wrong_steps(report) == {"life cycle", "clearings"}
    assert "CLEARED may not follow when clip:0 is 'secured'" in str(report.steps[4].detail)


def test_a_rewritten_past_is_noticed_by_whoever_held_a_head(tmp_path: Path) -> None:
    """With the key, anybody can make a flawless other log; only what is held elsewhere tells."""
    held = log_of(60).note(40)
    forged = SmallLog()
    for seq in range(60):
        forged.add(**({"body": {"size": 7}} if seq == 30 else {}))
    root = forged.write(tmp_path)

    assert verify_directory(root, KEYS).outcome is Outcome.CONSISTENT
    assert wrong_steps(verify_directory(root, KEYS, held=[held])) == {"held"}


def test_what_was_changed_after_the_held_head_is_not_noticed(tmp_path: Path) -> None:
    """An honest limit: the tail since the last head held outside belongs to whoever has the key, and the verdict says so."""
    held = log_of(60).note(30)
    forged = SmallLog()
    for seq in range(60):
        forged.add(**({"body": {"size": 7}} if seq == 30 else {}))

    report = verify_directory(forged.write(tmp_path), KEYS, held=[held])
    assert (report.outcome, report.tail) == (Outcome.CONSISTENT, 30)
    whole = verify_directory(tmp_path, KEYS, held=[held, forged.note(60)])
    assert (whole.outcome, whole.tail) == (Outcome.VERIFIED, 0)


@pytest.mark.parametrize(
    ("held", "said", "tail"), [(120, "all but the last 180 entries", 180), (300, "VERIFIED: everything", 0)]
)
def test_what_came_after_the_head_that_was_held_is_never_said_to_be_vouched_for(
    copied: Path, small_log: SmallLog, capsys: pytest.CaptureFixture[str], held: int, said: str, tail: int
) -> None:
    (copied.parent / "held").write_text(small_log.note(held))
    arguments = [str(copied), "--vkey", KEYS[0].vkey, "--held", str(copied.parent / "held")]

    assert main(arguments) == 0
    assert said in capsys.readouterr().out.splitlines()[-1]
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["tail"] == tail


def test_a_log_that_was_cut_is_noticed_by_whoever_held_a_head(tmp_path: Path) -> None:
    report = verify_directory(log_of(50).write(tmp_path), KEYS, held=[log_of(60).note()])

    assert wrong_steps(report) == {"held"}
    assert "it was cut" in str(report.steps[-1].detail)


@pytest.mark.parametrize(
    "held",
    [
        "",
        "nonsense",
        log_of(3).note().replace("\n3\n", "\n2\n"),
        sign_checkpoint(Checkpoint("x.example", 1, bytes(32)), signer(name="x.example")),
    ],
    ids=["empty", "nonsense", "changed", "another log"],
)
def test_a_held_head_that_is_not_signed_by_this_log_vouches_for_nothing(copied: Path, held: str) -> None:
    assert wrong_steps(verify_directory(copied, KEYS, held=[held])) == {"held"}


def test_a_held_head_of_an_empty_log_vouches_for_nothing(copied: Path) -> None:
    assert verify_directory(copied, KEYS, held=[SmallLog().note()]).outcome is Outcome.CONSISTENT


def test_a_witness_who_did_not_cosign_is_missed(copied: Path) -> None:
    report = verify_directory(copied, KEYS, witnesses=[WITNESS_KEY])

    assert wrong_steps(report) == {"witnesses"}
    assert WITNESS_KEY.name in str(report.steps[1].detail)


def test_a_wrong_cosignature_spoils_both_steps(copied: Path) -> None:
    other = cosign_checkpoint(log_of(2).note(), WITNESS, WITNESS_KEY.name, 1)
    with (copied / "checkpoint").open("a") as file:
        file.write(other.splitlines(keepends=True)[-1])

    assert wrong_steps(verify_directory(copied, KEYS, witnesses=[WITNESS_KEY])) == {"signature", "witnesses"}


def test_the_log_does_not_witness_itself(copied: Path, small_log: SmallLog) -> None:
    name = "witness.example/own"
    key = VerifierKey.parse(cosign_vkey(name, KEYS[0].public))
    (copied / "checkpoint").write_text(cosign_checkpoint(small_log.note(), signer()._key, name, 1))

    assert wrong_steps(verify_directory(copied, KEYS, witnesses=[key])) == {"witnesses"}


def test_many_wrong_entries_are_one_finding_with_their_number(tmp_path: Path) -> None:
    log = log_of(20)
    for _ in range(5):
        log.add(log="elsewhere.example")

    report = verify_directory(log.write(tmp_path), KEYS)

    assert "entry 20" in str(report.steps[3].detail)
    assert "(the first of 5)" in str(report.steps[3].detail)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        canonical({"moves": [], "v": 1}),
        canonical({"moves": {}, "v": 1}),
        canonical({"moves": [1], "v": 1}),
        canonical({"moves": [{"after": [], "kind": "clip", "type": "X"}], "v": 1}),
        canonical({"moves": [{"after": [1], "kind": "clip", "then": None, "type": "X"}], "v": 1}),
        canonical({"moves": [{"after": "", "kind": "clip", "then": None, "type": "X"}], "v": 1}),
        canonical({"moves": [{"after": [""], "kind": 1, "then": None, "type": "X"}], "v": 1}),
        canonical({"moves": [{"after": [""], "kind": "clip", "then": 1, "type": "X"}], "v": 1}),
        canonical({"moves": [{"after": [""], "kind": "clip", "then": None, "type": "X"}] * 2, "v": 1}),
        canonical({"moves": [{"after": [""], "kind": "clip", "then": None, "type": "X"}], "v": 2}),
    ],
    ids=repr,
)
def test_what_is_no_table_of_moves_is_refused(raw: bytes) -> None:
    with pytest.raises(VerificationError):
        LifeCycle.parse(raw)
