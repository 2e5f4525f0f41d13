"""
A Python that has imported the program, and splits off a process for every command.

Where the processor is emulated, importing takes ten seconds and more; a command that is split off starts at once and is in all
else a process of its own. An order comes over a socket with three open files (input, output, errors); the number of the process
and in the end its exit code go back.
"""

from __future__ import annotations

import json
import os
import pwd
import signal
import socket
import struct
import sys
import time
from typing import Any

PRELOADED = (
    "yihu.cli, yihu.founding, yihu.wiring, yihu.profile_cards, ingest.pipeline, ingest.works, storage.audit, rich.console"
)
PLACE = "/run/rig-warm"
NUMBER = struct.Struct("i")


def serve() -> dict[str, Any]:
    """Answer orders for ever; returns an order only in the process that is to carry it out."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as door:
        door.bind(f"{PLACE}.new")
        door.listen(64)
        os.rename(f"{PLACE}.new", PLACE)  # noqa: PTH104 - a socket; whoever sees it can connect
        while True:
            caller, _ = door.accept()
            message, files, _, _ = socket.recv_fds(caller, 1 << 20, 3)
            if os.fork() == 0:
                door.close()
                return _kept(caller, json.loads(message), files)
            caller.close()
            for file in files:
                os.close(file)


def _kept(caller: socket.socket, order: dict[str, Any], files: list[int]) -> dict[str, Any]:
    """Split off the process itself, tell its number, wait, tell its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    process = os.fork()
    if process:
        caller.send(NUMBER.pack(process))
        for file in files:
            os.close(file)
        _, status = os.waitpid(process, 0)
        caller.send(NUMBER.pack(os.waitstatus_to_exitcode(status)))
        os._exit(0)
    caller.close()
    os.setsid()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    return order


def become(order: dict[str, Any]) -> str:
    """Take on the user, folder, environment and words of a command; returns what to run."""
    if user := order["user"]:
        known = pwd.getpwnam(user)
        os.initgroups(user, known.pw_gid)
        os.setgid(known.pw_gid)
        os.setuid(known.pw_uid)
    os.chdir(order["directory"])
    os.environ.update(order["env"])
    time.tzset()
    sys.argv = order["argv"]
    return str(order["program"])


if __name__ == "__main__":
    exec(f"import {PRELOADED}")  # noqa: S102 - a list of modules, named above
    exec(compile(become(serve()), "<order>", "exec"), {"__name__": "__main__"})  # noqa: S102 - that is what it is for
