"""What people carry away besides proofs: heads signed by two keys, disclosed values, proofs that there is nothing more."""

from __future__ import annotations

import base64
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from storage.verifier.disclosure import parse_disclosure
from storage.verifier.keys import KEY_ID_BYTES
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome
from storage.verifier.strict import canonical

from .bytewise import damaged
from .notes import signature_lines, spoilt_notes
from .tally import SEED, Fate, Tally
from .world import World, opened, signing

CLASS = "B"
pytestmark = pytest.mark.needs("openssl")
FEW = 40
"""Bytes of signatures that are drawn here: all of them are tried on another head."""


# --- heads that two keys sign -------------------------------------------------------------------------------------------


def _few(spoilt: Iterator[tuple[str, str]], *, all_of_them: bool) -> list[tuple[str, str]]:
    found = list(spoilt)
    bytes_ = [one for one in found if one[0].startswith("signature") and " byte " in one[0]]
    drawn = bytes_ if all_of_them else random.Random(SEED).sample(bytes_, FEW)
    return [one for one in found if one not in bytes_] + drawn


def test_while_two_keys_are_in_force_both_sign(small: World, tally: Tally, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """One signature of two is none, whichever key a stranger was given."""
    directory = Path(shutil.copytree(small.outside / "overlap", tmp_path / "log"))
    head = directory / "checkpoint"
    note = head.read_text()
    witnesses = [one.key for one in small.witnesses()]
    with opened(small) as office:
        key = signing(office)
    assert len(signature_lines(note)) == len(small.keys()) + len(witnesses)
    assert verify_directory(directory, small.keys()[:1], witnesses=witnesses).outcome is Outcome.VERIFIED
    spoilt = _few(spoilt_notes(note, key=key, older=small.held()[0]), all_of_them=bool(pytestconfig.getoption("--full")))
    for name, wrong in spoilt:
        assert wrong != note, name
        head.write_text(wrong, newline="")
        outcome = verify_directory(directory, small.keys(), witnesses=witnesses).outcome
        tally.note(f"two keys: {name}", "detected" if outcome is Outcome.FAILED else None)
    tally.settle()


@pytest.mark.parametrize("given", [[0], [1], [0, 1]], ids=["the old key", "the new key", "both"])
@pytest.mark.parametrize("missing", [0, 1], ids=["the old one's line gone", "the new one's line gone"])
def test_a_head_that_only_one_of_two_keys_signed(
    small: World, tally: Tally, tmp_path: Path, given: list[int], missing: int
) -> None:
    directory = Path(shutil.copytree(small.outside / "overlap", tmp_path / "log"))
    note = (directory / "checkpoint").read_text()
    gone = small.keys()[missing].key_id
    lines = signature_lines(note)
    (line,) = [one for one in lines if base64.b64decode(one.rpartition(" ")[2])[:KEY_ID_BYTES] == gone]
    (directory / "checkpoint").write_text(note.replace(f"{line}\n", ""))
    outcome = verify_directory(directory, [small.keys()[at] for at in given]).outcome
    fate: Fate | None = "detected" if outcome is Outcome.FAILED else None
    if (given, missing) == ([1], 0) and outcome is Outcome.CONSISTENT:
        # who begins with the new key has no use for the old one: the same statement, by the one he believes
        fate = "neutral"
    tally.note(f"line {missing} gone, given {given}", fate)
    tally.settle()


# --- what was told ------------------------------------------------------------------------------------------------------

Told: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Carried:
    """An entry with its proof, and the file that says something of it."""

    world: World
    kind: str
    """``disclosure`` or ``snapshot``."""
    proof: str
    leaf: bytes
    raw: bytes

    def outcome(self, raw: bytes) -> Outcome:
        """What a stranger finds who is given *raw* in place of the file."""
        more: dict[str, Any] = {self.kind: raw}
        witnesses: list[Any] = []
        return verify_receipt(self.proof, self.leaf, self.world.keys(), witnesses=witnesses, **more).outcome


def carried(world: World, kind: str) -> Carried:
    told = world.outside / "told"
    (path,) = told.glob(f"*.{kind}.json")
    seq = parse_disclosure(path.read_bytes()).seq if kind == "disclosure" else json.loads(path.read_bytes())["seq"]
    proof, leaf = (told / f"{seq}.tlog-proof").read_text(), (told / f"{seq}.json").read_bytes()
    return Carried(world, kind, proof, leaf, path.read_bytes())


def _of_row(key: str, change: Callable[[Any], Any]) -> Callable[[Told], object]:
    return lambda told: told["rows"][0].update({key: change(told["rows"][0][key])})


def _of_field(key: str, change: Callable[[Any], Any]) -> Callable[[Told], object]:
    return lambda told: told["fields"][0].update({key: change(told["fields"][0][key])})


LIES: dict[str, dict[str, Callable[[Told], object]]] = {
    "disclosure": {
        "another value": _of_field("value", lambda value: f"{value}x"),
        "a value of another kind": _of_field("value", lambda value: [value]),
        "another salt": _of_field("salt", lambda salt: salt[::-1]),
        "another field": _of_field("field", lambda _: "number"),
        "a field more": lambda told: told["fields"].append({"field": "z", "salt": "0" * 64, "value": "x"}),
        "no field": lambda told: told.update(fields=[]),
        "another entry": lambda told: told.update(seq=told["seq"] + 1),
        "another log": lambda told: told.update(log="office.example/yihu/other"),
        "another version": lambda told: told.update(v=2),
        "something more": lambda told: told.update(x=1),
    },
    "snapshot": {
        "one entry less": _of_row("count", lambda count: count - 1),
        "one entry more": _of_row("count", lambda count: count + 1),
        "another last entry": _of_row("last", lambda last: last - 1),
        "a last entry after the snapshot": _of_row("last", lambda _: 10_000),
        "another place": _of_row("index", lambda index: index + 1),
        "a shorter path": _of_row("path", lambda path: path[1:]),
        "a longer path": _of_row("path", lambda path: [*path, "0" * 64]),
        "a path in another order": _of_row("path", lambda path: path[::-1]),
        "a row about somebody else": _of_row("subject", lambda subject: f"{subject[:-1]}0"),
        "about somebody else": lambda told: told.update(subject=f"{told['subject'][:-1]}0"),
        "about somebody without entries": lambda told: told.update(subject="party:" + "0" * 32),
        "no row": lambda told: told.update(rows=[]),
        "the row twice": lambda told: told.update(rows=told["rows"] * 2),
        "another entry": lambda told: told.update(seq=told["seq"] + 1),
        "another log": lambda told: told.update(log="office.example/yihu/other"),
        "another version": lambda told: told.update(v=2),
        "something more": lambda told: told.update(x=1),
    },
}


@pytest.mark.parametrize("kind", LIES)
def test_nothing_that_was_told_can_be_changed(small: World, tally: Tally, kind: str) -> None:
    """By whoever cannot read it, and by whoever writes its one form perfectly."""
    it = carried(small, kind)
    assert it.outcome(it.raw) is Outcome.CONSISTENT
    assert canonical(json.loads(it.raw)) == it.raw
    for mutation in damaged({kind: it.raw}):
        raw = mutation.changes[kind]
        if raw is not None:
            tally.note(mutation.name, "detected" if it.outcome(raw) is Outcome.FAILED else None)
    for name, lie in LIES[kind].items():
        told = json.loads(it.raw)
        lie(told)
        assert told != json.loads(it.raw), name
        tally.note(f"{kind}: {name}", "detected" if it.outcome(canonical(told)) is Outcome.FAILED else None)
    tally.settle()


def test_what_was_told_of_one_entry_says_nothing_of_another(small: World, tally: Tally) -> None:
    one, other = (carried(small, kind) for kind in LIES)
    for it, leaf, proof in ((one, other.leaf, other.proof), (other, one.leaf, one.proof)):
        moved = Carried(small, it.kind, proof, leaf, it.raw)
        tally.note(f"{it.kind} with another entry", "detected" if moved.outcome(it.raw) is Outcome.FAILED else None)
    tally.settle()
