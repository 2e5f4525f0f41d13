"""
The command line of the verifier.

Exit codes: 0 everything holds; 1 something does not, or there was nothing to verify; 2 wrong use; 3 everything else holds, but
signatures could not be checked because `cryptography` is not installed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .bundle import is_bundle, verify_bundle
from .disclosure import LARGEST_DISCLOSURE
from .errors import VerificationError
from .keys import VerifierKey
from .lifecycle import LifeCycle
from .logdir import verify_directory
from .logfiles import LARGEST_NOTE, read_file, read_note
from .receipt import verify_receipt
from .rotation import ValidKey
from .sm2 import Sm2Key
from .snapshot import LARGEST_SNAPSHOT_PROOF
from .steps import Outcome, Report, Step
from .tilefiles import LARGEST_ENTRY
from .tokenfiles import TokenFiles
from .words import Said, language_of, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WRONG_USE = 2

CONCLUSIONS = {
    Outcome.VERIFIED: "VERIFIED: everything holds, and somebody outside the office vouches for it.",
    Outcome.CONSISTENT: "INTERNALLY CONSISTENT: everything holds together, but only the office's own key vouches for it.",
    Outcome.FAILED: "NOT VERIFIED: do not rely on this.",
    Outcome.UNSIGNED: "NOT VERIFIED: signatures could not be checked; install the Python package named above and repeat.",
}


def main(arguments: Sequence[str]) -> int:
    """Verify what the command line names, say what was found, and return the exit code."""
    language = language_of(os.environ)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # a terminal may not know Chinese
    parser = _parser(language)
    options = parser.parse_args(arguments)
    misuse = _misuse(options)
    if misuse is not None:
        parser.error(translated(misuse, language))
    try:
        report = _verify(options)
    except VerificationError as error:
        parser.error(Said.of(error).in_language(language))
    sys.stdout.write(_json(report) if options.json else _text(report, language))
    return report.outcome.exit_code


def _misuse(options: argparse.Namespace) -> str | None:
    of_entry = options.proof is not None
    message = None
    if (options.log is None) is not of_entry or of_entry is not (options.leaf is not None):
        message = "give either a bundle or a log directory, or --proof together with --leaf"
    elif of_entry and (options.held or options.life_cycle or options.tokens):
        message = "--held, --life-cycle and --tokens belong to a bundle or a log directory"
    elif not of_entry and is_bundle(options.log):
        message = "--tokens belongs to a log directory; a bundle brings its own" if options.tokens else None
    elif (options.tokens is None) is not (options.tsa_roots is None):
        message = "--tokens and --tsa-roots belong together"
    elif not of_entry and (options.disclosure or options.snapshot):
        message = "--disclosure and --snapshot belong to --proof and --leaf"
    return message


def _verify(options: argparse.Namespace) -> Report:
    keys = [ValidKey.parse(text) for text in options.vkey]
    witnesses = [VerifierKey.parse(text) for text in options.witness]
    sm2 = [Sm2Key.parse(text) for text in options.sm2]
    if options.proof is not None:
        return verify_receipt(
            read_note(options.proof),
            read_file(options.leaf, limit=LARGEST_ENTRY),
            keys,
            witnesses=witnesses,
            disclosure=read_file(options.disclosure, limit=LARGEST_DISCLOSURE) if options.disclosure else None,
            snapshot=read_file(options.snapshot, limit=LARGEST_SNAPSHOT_PROOF) if options.snapshot else None,
            sm2=sm2,
        )
    table = read_file(options.life_cycle, limit=LARGEST_NOTE) if options.life_cycle else None
    life_cycle = LifeCycle.parse(table) if table is not None else None
    held = [read_note(path) for path in options.held]
    roots = read_file(options.tsa_roots, limit=LARGEST_NOTE) if options.tsa_roots else None
    if is_bundle(options.log):
        return verify_bundle(options.log, keys, witnesses=witnesses, held=held, life_cycle=life_cycle, sm2=sm2, tsa_roots=roots)
    tokens = None if options.tokens is None or roots is None else TokenFiles(options.tokens, roots)
    return verify_directory(options.log, keys, witnesses=witnesses, held=held, life_cycle=life_cycle, tokens=tokens, sm2=sm2)


def _text(report: Report, language: str) -> str:
    lines = [_shown(_line(step).in_language(language)) for step in report.steps]
    return "\n".join([*lines, "", _conclusion(report).in_language(language), ""])


def _conclusion(report: Report) -> Said:
    if not report.tail:
        return Said(CONCLUSIONS[report.outcome])
    return Said(
        "INTERNALLY CONSISTENT: everything holds together, and somebody outside the office vouches for all but the last {tail} "
        "entries; for those only the office's own key does.",
        tail=report.tail,
    )


def _line(step: Step) -> Said:
    word = "ok" if step.ok else "NOT CHECKED" if step.unchecked else "WRONG"
    name, verdict = Said(step.name), Said(word)
    return Said("{number}. {name}: {verdict}. {detail}", number=step.number, name=name, verdict=verdict, detail=step.detail)


def _shown(line: str) -> str:
    """Return the line with everything escaped that a hostile file name could use to write something else on the terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode("ascii") for one in line)


def _json(report: Report) -> str:
    steps = [{"number": s.number, "name": s.name, "ok": s.ok, "detail": str(s.detail)} for s in report.steps]
    outcome = {
        "outcome": report.outcome.label,
        "exit_code": report.outcome.exit_code,
        "tail": report.tail,
        "steps": steps,
    }
    return json.dumps(outcome, ensure_ascii=False, indent=2) + "\n"


def _parser(language: str) -> argparse.ArgumentParser:
    def say(text: str) -> str:
        return translated(text, language)

    parser = argparse.ArgumentParser(
        prog="verify",
        description=say("Verify exported evidence or a custody ledger offline, trusting nothing but the keys you give."),
        epilog=say(
            "Keys must reach you by another way than the log: on paper, from a court, from another office. "
            "Exit codes: 0 holds, 1 does not hold, 2 wrong use, 3 signatures could not be checked."
        ),
    )
    parser.add_argument(
        "log", nargs="?", type=Path, help=say("an exported bundle, or a copied log directory (checkpoint, tile/…)")
    )
    parser.add_argument("--proof", type=Path, help=say("a .tlog-proof file, in place of a whole log"))
    parser.add_argument("--leaf", type=Path, help=say("the exact bytes of the entry that the proof is for"))
    parser.add_argument(
        "--disclosure",
        type=Path,
        help=say("values and salts that were disclosed of that entry: it must have committed to them"),
    )
    parser.add_argument(
        "--snapshot",
        type=Path,
        help=say("a snapshot proof: how many entries there were about a subject when that entry was made"),
    )
    _add_keys(parser, say)
    parser.add_argument(
        "--held",
        action="append",
        default=[],
        type=Path,
        help=say("a checkpoint that was kept elsewhere: shows rewriting and cutting"),
    )
    parser.add_argument("--life-cycle", type=Path, help=say("the table of which entry may follow what"))
    parser.add_argument("--tokens", type=Path, help=say("a directory with the time-stamps that the log speaks of"))
    parser.add_argument("--tsa-roots", type=Path, help=say("certificates (PEM) of the authorities whose time you believe"))
    parser.add_argument("--json", action="store_true", help=say("print the steps as JSON"))
    return parser


def _add_keys(parser: argparse.ArgumentParser, say: Callable[[str], str]) -> None:
    parser.add_argument(
        "--vkey",
        metavar="KEY[@FROM[-TO]]",
        action="append",
        required=True,
        help=say("the log's verifier key; again for a rotated one. @FROM-TO: the tree sizes it is valid for"),
    )
    parser.add_argument(
        "--sm2", metavar="KEY", action="append", default=[], help=say("an SM2 key of the log that must have signed as well")
    )
    parser.add_argument(
        "--witness", metavar="KEY", action="append", default=[], help=say("verifier key of a witness that must have cosigned")
    )
