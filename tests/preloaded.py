"""
``yihu`` for shell scripts of tests: each command is a process of its own, forked from one that has loaded the program already.

Loading it takes longer than most commands do. What a command is given and says is what it would be: directory, environment,
standard streams and exit code are those of whoever called.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SHIM = """\
#!{python} -IS
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({socket!r})
    said = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(line, [len(said).to_bytes(8, "big")], [0, 1, 2])
    line.sendall(said)
    sys.exit(line.recv(1)[0])
"""
_PROGRAM = "import sys; from tests.preloaded import serve; serve(sys.argv[1])"


@contextmanager
def yihu_in(directory: Path) -> Iterator[None]:
    """Let *directory* hold a program ``yihu`` while inside."""
    address, shim = directory / "socket", directory / "yihu"
    shim.write_text(_SHIM.format(python=sys.executable, socket=str(address)))
    shim.chmod(0o755)
    words = [sys.executable, "-c", _PROGRAM, str(address)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as loaded:
        assert loaded.stdout is not None
        assert loaded.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            loaded.terminate()


def serve(address: str) -> None:
    """Answer until somebody ends this process."""
    import yihu.auditing  # noqa: PLC0415 - what commands load late
    import yihu.stations  # noqa: PLC0415
    import yihu.wiring  # noqa: F401, PLC0415
    from yihu.cli import app  # noqa: F401, PLC0415

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            line = listener.accept()[0]
            with line:
                _answer(line)


def _answer(line: socket.socket) -> None:
    head, streams, _flags, _address = socket.recv_fds(line, 8, 3)
    said = b""
    while len(said) < int.from_bytes(head, "big"):
        said += line.recv(2**16)
    words, place, environment = json.loads(said)
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os.chdir(place)
            os.environ.clear()
            os.environ.update(environment)
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            os._exit(_run(words))
        os._exit(70)
    for stream in streams:
        os.close(stream)
    line.sendall(bytes([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])]))


def _run(words: list[str]) -> int:
    from yihu.cli import app  # noqa: PLC0415 - loaded before the fork

    sys.argv = ["yihu", *words]
    code: object = 0
    try:
        app()
    except SystemExit as ended:
        code = ended.code
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)
