"""An audit as a person asks for it: what he brought, how closely to look, and the report that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from storage import durable
from storage.audit import Audit, Brought, Outcome, Sample, Step, Verdict, in_language
from storage.audit.record import audited
from storage.audit.scope import note_in
from storage.errors import EvidenceError, NotFound
from storage.evidence import Kind, utc_text
from storage.folder_files import within_reach
from storage.identity import found_again
from storage.ledger.policy import Policy
from storage.verifier.errors import VerificationError
from storage.verifier.logfiles import read_note
from yihu.further_steps import further
from yihu.language import either, is_chinese
from yihu.paper.codes import notes_in
from yihu.program import program_digest
from yihu.wiring import Office

__all__ = [
    "LAST",
    "Asked",
    "audit_of",
    "brought_in",
    "conclusion",
    "keep_head",
    "read_bytes",
    "recorded",
    "report_of",
    "since_in",
    "title",
]

LAST = Path("audit/last")
"""Where an office keeps the head of its last audit. Whoever can write to the office can write there: a convenience."""

_TITLES = {
    "log": ("账本记录", "ledger entries"),
    "heads": ("已签名的检查点", "signed checkpoints"),
    "held": ("审计方持有的检查点", "checkpoints held by the auditor"),
    "witnesses": ("外部见证", "witnesses"),
    "timestamps": ("时间戳", "timestamps"),
    "snapshots": ("状态快照", "snapshots"),
    "erasures": ("已抹除的个人信息", "erased values"),
    "keys": ("签名密钥", "signing keys"),
    "clearings": ("摄像机清除", "cleared cameras"),
    "life-cycle": ("流程顺序", "order of entries"),
    "tiles": ("哈希瓦片", "hash tiles"),
    "catalog": ("目录与账本一致", "catalog equals ledger"),
    "objects": ("存储对象", "stored objects"),
    "configuration": ("设置", "configuration"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """How closely to look, and from where on."""

    since: str | None = None
    """The signed checkpoint an earlier audit ended with."""
    is_ours: bool = False
    """Whether the office itself kept that checkpoint."""
    sample: Sample | None = None
    tsa_roots: bytes | None = None
    """Certificates (PEM) of time-stamping authorities that the auditor brought."""


def audit_of(office: Office, asked: Asked, brought: Brought) -> Audit:
    """Return the audit of *office*, ready to run."""
    return Audit(
        office.engine,
        office.log,
        office.projector,
        office.vault,
        office.store,
        since=asked.since,
        brought=brought,
        sample=asked.sample,
        is_shared=office.settings.store.shared,
        program=program_digest(),
        further=further(office, since=asked.since, tsa_roots=asked.tsa_roots),
    )


def since_in(home: Path, since: str | None) -> tuple[str | None, bool]:
    """Return the checkpoint that ``--since`` names, and whether the office kept it: ``last``, or a file."""
    if since is None:
        return None, False
    is_ours = since == "last"
    path = home / LAST if is_ours else Path(since)
    if not path.is_file():
        message = f"{path}: there is no checkpoint of an earlier audit; a first audit is made without --since"
        raise NotFound(message)
    return _note(path), is_ours


def brought_in(held: Sequence[Path], policy: Path | None, keys: Sequence[str], *, scans: Sequence[Path] = ()) -> Brought:
    """Return what the auditor brought: files and directories with older heads, scanned seals, a policy or single keys."""
    notes = [(path.name, _text(path)) for place in held for path in _files(place)]
    for scan in scans:
        notes += [(scan.name, note) for note in notes_in(scan)]
    if policy is not None and keys:
        message = "expected a policy or single keys, not both"
        raise ValueError(message)
    return Brought.keys(keys, held=notes) if policy is None else Brought(notes, Policy.parse(_text(policy)))


def read_bytes(path: Path) -> bytes:
    """Return what a file holds that the auditor named; `NotFound` where there is none."""
    if not path.is_file():
        message = f"{path}: there is no such file"
        raise NotFound(message)
    return path.read_bytes()


def _files(place: Path) -> list[Path]:
    """Return the file, or the files of a stick; what a witness answered is no checkpoint."""
    if not place.is_dir():
        return [place]
    found = sorted(path for path in place.iterdir() if path.is_file() and path.suffix != ".answer")
    if not found:
        message = f"{place}: there is no file in this directory"
        raise NotFound(message)
    return found


def _text(path: Path) -> str:
    if not path.is_file():
        message = f"{path}: there is no such file"
        raise NotFound(message)
    try:
        return read_note(path)
    except VerificationError as error:
        raise EvidenceError(str(error)) from error


def _note(path: Path) -> str:
    try:
        return note_in(_text(path))
    except ValueError as error:
        message = f"{path}: {error}"
        raise EvidenceError(message) from error


def report_of(office: Office, verdict: Verdict, asked: Asked) -> dict[str, Any]:
    """Return what an audit found as plain values, its sentences in the language of the person."""
    anchor, sample = verdict.anchored, asked.sample
    left_out = list(verdict.not_checked)
    if asked.is_ours and verdict.since:
        left_out.append(
            either("续自本机构自己保存的检查点，而非审计方持有的", "the checkpoint gone on from was kept by the office itself")
        )
    return {
        "outcome": verdict.outcome.value,
        "origin": verdict.origin,
        "size": verdict.size,
        "root": verdict.root.hex(),
        "at": utc_text(office.clock()),
        "program": f"yihu {version('yihu')} sha256:{program_digest()}",
        "anchored": None if anchor is None else {"size": anchor.size, "by": list(anchor.by)},
        "since": verdict.since,
        "sample": None if sample is None else {"seed": sample.seed, "per_clip": sample.per_clip, "share": sample.share},
        "not_checked": [_said(text) for text in left_out],
        "steps": [_step(step) for step in verdict.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "name": step.name,
        "title": title(step.name),
        "checked": step.checked,
        "findings": [_said(text) for text in step.findings],
        "detail": either("；", "; ").join(_said(text) for text in step.remarks),
    }


def title(name: str) -> str:
    """Say what a step is about."""
    return either(*_TITLES[name]) if name in _TITLES else name


def _said(text: str) -> str:
    return in_language(text, "zh" if is_chinese() else "en")


def conclusion(verdict: Verdict) -> str:
    """Say in a sentence what an audit comes to."""
    anchor = verdict.anchored
    if verdict.outcome is Outcome.FAILED:
        return either(
            "结论：不一致。请勿改动任何内容，保护现场，并联系审计人员。",
            "verdict: FAILED. Something is not as it was recorded. Touch nothing and call an auditor.",
        )
    if anchor is None:
        return either(
            "结论：内部一致。账本、目录和存储互相吻合，但只有本机构自己的密钥作证；能动用该密钥的人可以整体改写。",
            "verdict: internally consistent. Ledger, catalog and store agree, but only the office's own key vouches for it: "
            "whoever holds that key could have rewritten all of it.",
        )
    by, tail = either("、", ", ").join(anchor.by), verdict.size - anchor.size
    return either(
        f"结论：已锚定。前 {anchor.size} 条记录由 {by} 在机构之外作证；最后 {tail} 条尚无外部作证。",
        f"verdict: anchored. {by} vouch from outside for {anchor.size} entries; for the last {tail} only the office does.",
    )


def keep_head(office: Office, verdict: Verdict, *, to: Path | None) -> list[Path]:
    """Keep the head that was audited, durably, in the office and in *to*; return where. Nothing after a failed audit."""
    if verdict.head is None:
        return []
    raw, kept = verdict.head.encode(), []
    if to is not None:
        with within_reach(f"keeping the audited head in {to}"):
            durable.replace(to, raw, 0o644)
        kept.append(to)
    try:
        durable.make_directory((office.home / LAST).parent)
        durable.replace(office.home / LAST, raw)
    except PermissionError:
        return kept  # an auditor may be allowed to read only
    return [*kept, office.home / LAST]


def recorded(office: Office, verdict: Verdict, sample: Sample | None) -> int:
    """Record that the audit was made, whatever it found, and return the number of that entry."""
    log = found_again(office.index_key, Kind.LOG, office.log.origin)
    return office.custody.record(audited(verdict, sample, log=log, actor=office.operator)).seq
