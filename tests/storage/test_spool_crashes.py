"""
The process that works a spool may die at any step; the next start goes on from there.

The dying is done by children of a process without threads, so this file is also a program.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from storage.spool import Berth, Spool, verify_reading
from tests.storage.footage import CLAIM, CLIP, ROOT, names, secure

_DIED = 77
_STEPS = ("fsync", "mkdir", "rename", "unlink", "open", "write", "rmdir")


def live(root: Path) -> None:
    """Everything that happens to a clip in the spool, from the start or from wherever the last start ended."""
    spool = Spool(root, reserve=0)
    with spool.lock():
        for berth in spool.berths():
            if berth.state == "complete":
                verify_reading(berth)
        berth = spool.claim(CLIP, CLAIM)
        secure(berth)
        verify_reading(berth)


def end(root: Path) -> None:
    """A life, and then what custody does once the clip is deposited and rendered."""
    live(root)
    spool = Spool(root, reserve=0)
    with spool.lock():
        for berth in spool.berths():
            berth.remove()


def die_before(step: int) -> None:
    """Make this process end without a word before its *step*-th change of the file system."""
    made = 0

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def counting(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - whatever it is
            nonlocal made
            made += 1
            if made == step:
                os._exit(_DIED)
            return call(*arguments, **options)

        return counting

    for name in _STEPS:
        setattr(os, name, counted(getattr(os, name)))


def dies(life: Callable[[Path], None], root: Path, step: int) -> bool:
    """Let a child live until *step*; say whether it died of that, and not of old age."""
    child = os.fork()
    if child == 0:
        die_before(step)
        life(root)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in {0, _DIED}, f"step {step}: exit code {code}"
    return code == _DIED


def deaths(life: Callable[[Path], None], root: Path) -> Iterator[int]:
    """Give every step at which a child died in *root*, right after it did."""
    step = 1
    while dies(life, root, step):
        yield step
        step += 1


def berth_in(root: Path) -> Berth:
    """The one berth of the one clip."""
    (berth,) = Spool(root, reserve=0).berths()
    return berth


def test_a_process_may_die_at_any_step(tmp_path: Path) -> None:
    """The next start sees a berth that is complete and right, or reads again; nothing half-written stays."""
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 50, "steps at which somebody died"


def _main(root: Path) -> None:
    died = sum(1 for _ in deaths(live, root))  # each inherits what all before it left
    assert names(berth_in(root)) == ["claim.json", "original", "reading.json"]
    for step in deaths(end, root):  # each finds what one that died left, and a good life after it
        died += 1
        live(root)
        assert names(berth_in(root)) == ["claim.json", "original", "reading.json"], step
        assert sorted(path.name for path in root.iterdir()) == [".lock", CLIP.id], step
        berth_in(root).remove()
    assert [path.name for path in root.iterdir()] == [".lock"]
    print(died)  # noqa: T201 - read by the test


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
