"""What signing in costs, over HTTP, against a bare hash of Argon2id with the same parameters; each side tells of itself."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict

from bench.client import Client
from bench.measure import Command, Cost, words_of
from bench.recording import resident
from bench.web_servers import Serving
from storage.passwords import hashed_password

_PROGRAM = "import sys; from bench.signing_in import hash_often; hash_often(int(sys.argv[1]))"
_AT_ONCE = "import sys; from bench.signing_in import come; come(*sys.argv[1:])"


def one_by_one(serving: Serving, logins: Sequence[str]) -> Cost:
    """Let people sign in one after the other; the CPU and the memory are the server's."""
    return _signed_in(serving, logins, at_once=False)


def at_once(serving: Serving, logins: Sequence[str]) -> Cost:
    """Let them all come at the same moment."""
    return _signed_in(serving, logins, at_once=True)


def bare(times: int) -> Cost:
    """Compute so many hashes in a process of its own."""
    return Cost(**json.loads(words_of(Command([sys.executable, "-c", _PROGRAM, str(times)]))))


def hash_often(times: int) -> None:
    """Do that, and tell."""
    hashed_password("once for what is loaded late", key=bytes(32))
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(times):
        hashed_password(f"a sentence of nobody {number}", key=bytes(32))
    print(json.dumps(asdict(Cost(time.perf_counter() - wall, time.process_time() - cpu, resident()))))


def _signed_in(serving: Serving, logins: Sequence[str], *, at_once: bool) -> Cost:
    serving.family.forget_peak()
    before = serving.family.cpu()
    words = [sys.executable, "-c", _AT_ONCE, str(serving.port), str(int(at_once)), *logins]
    wall = float(words_of(Command(words)))
    return Cost(wall, serving.family.cpu() - before, serving.family.peak())


def come(port: str, at_once: str, *logins: str) -> None:
    """Sign in, and tell how long it took."""
    done = list[str]()

    def one(login: str) -> None:
        client = Client(int(port))
        client.sign_in(login)
        client.close()
        done.append(login)

    began = time.perf_counter()
    threads = [threading.Thread(target=one, args=(login,)) for login in logins]
    for thread in threads:
        thread.start()
        if at_once == "0":
            thread.join()
    for thread in threads:
        thread.join()
    wall = time.perf_counter() - began
    if len(done) != len(logins):
        sys.exit("somebody was not let in")
    print(wall)
