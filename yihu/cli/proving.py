"""``yihu proof``: what a person carries away from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yihu.cli.common import AsJson, Config, open_office, told
from yihu.language import either

if TYPE_CHECKING:
    from yihu.proving import EntryProof
    from yihu.snapshots import Complete
    from yihu.wiring import Office


def proof(
    what: Annotated[str, typer.Argument(help=either("记录序号或 clip:…", "number of an entry, or clip:…"))],
    out: Annotated[
        Path | None, typer.Option("--out", help=either("写入此目录（默认打印）", "write into this directory (default: print)"))
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help=either("并证明截至最新快照没有更多记录", "and that there were no more when the newest snapshot was made"),
        ),
    ] = False,
    snapshot_now: Annotated[
        bool, typer.Option("--snapshot-now", help=either("先登记一个新快照", "record a fresh snapshot first"))
    ] = False,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """
    Give the proof (tlog-proof@v1) that an entry is in the signed ledger; a stranger can verify it offline.

    With --complete, for a subject (clip:…, party:…), also that the entries about it are all there were at the newest snapshot:
    verify the entry of the snapshot with verify.pyz --leaf, --proof and --snapshot. That there is none can be proved as well.
    """
    with told(as_json) as output:
        from yihu.proving import complete_proofs_of, proofs_of, write_complete, write_proofs
        from yihu.snapshots import snapshot_now as count

        if snapshot_now and not complete:
            message = either("--snapshot-now 须与 --complete 同用", "--snapshot-now goes with --complete")
            raise typer.BadParameter(message)
        opened = open_office(config)
        if snapshot_now:
            count(opened)
        proofs, found = complete_proofs_of(opened, what) if complete else (proofs_of(opened, what), None)
        written = [] if out is None else write_proofs(proofs, out)
        if out is not None and found is not None:
            written.append(write_complete(found, out))
        output.show(_result(opened, proofs, found, written), lambda: _print(proofs, found, written))


def _result(office: Office, proofs: list[EntryProof], found: Complete | None, written: list[Path]) -> dict[str, object]:
    result: dict[str, object] = {
        "verifier_key": office.log.vkey,
        "proofs": [{"entry": p.seq, "leaf": p.leaf.decode(), "proof": p.proof} for p in proofs],
        "written": [str(path) for path in written],
    }
    if found is not None:
        result["snapshot"] = {"entry": found.proof.seq, "proof": found.proof.encode().decode(), "entries_since": found.since}
    return result


def _print(proofs: list[EntryProof], found: Complete | None, written: list[Path]) -> None:
    print("\n".join(map(str, written)) or "\n".join(p.proof for p in proofs))
    if found is not None and not written:
        print(found.proof.encode().decode())
    if found is not None and found.since:
        text = either(f"快照之后又有 {found.since} 条记录，不在此证明之内", f"{found.since} entries came after the snapshot")
        print(text)
