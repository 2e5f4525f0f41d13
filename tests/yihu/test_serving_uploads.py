"""The program that serves, killed in the middle of what is sent to it; and what it deposits all by itself."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from api.tokens import issue_token
from storage.clips import DEPOSITED
from storage.evidence import Kind, Role, Subject
from tests.api.uploading import OCTETS, TUS, WeakLink, announced
from tests.crashes.offices import founded, opened
from yihu.wiring import Office

FILE = random.Random(9).randbytes(20_000_003)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Served:
    """``yihu serve`` as a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "yihu", "serve", "--port", str(self.port), "--config", str(self.home / "yihu.toml")]
        with (self.home / "log").open("a") as log:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        assert self.url in process.stdout.readline()
        return process

    def killed(self) -> None:
        """End it as a loss of power would, and start it again."""
        self.process.kill()
        self.process.communicate()
        self.process = self._started()

    def ended(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return founded(tmp_path / "office")


def until(is_so: Callable[[], bool]) -> None:
    patience = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < patience


def test_a_file_survives_the_death_of_the_server_and_is_deposited_without_a_dock(office: Office) -> None:
    token = issue_token(office.custody, name="测试岗", role=Role.CLERK, actor=office.operator)[1]
    office.engine.dispose()
    seed = random.SystemRandom().randrange(2**32)
    chance = random.Random(seed)
    headers = {"Authorization": f"Bearer {token}"}
    server = Served(office.home)
    try:
        said = announced(len(FILE), sha256=hashlib.sha256(FILE).hexdigest())
        where = requests.post(f"{server.url}/api/uploads", headers={**headers, **said}, timeout=10).headers["location"]
        offset = 0
        for _ in range(3):
            rest = FILE[offset:]
            with WeakLink(server.url, token).left_open(where, rest, offset=offset, breaks_after=chance.randrange(len(rest))):
                server.killed()
            before, offset = offset, _asked(server.url + where, headers)
            assert before <= offset <= len(FILE), f"seed {seed}"
        last = {**headers, **OCTETS, "Upload-Offset": str(offset)}
        answer = requests.patch(server.url + where, data=FILE[offset:], headers=last, timeout=30)
        assert answer.status_code == 204, f"seed {seed}"
        clip = Subject.parse(where.rsplit("/", 1)[-1], Kind.CLIP)
        until(lambda: _state(server.url, clip, headers) == DEPOSITED)
        receipt = requests.get(f"{server.url}{where}/receipt", headers=headers, timeout=10).json()
    finally:
        code = server.ended()

    assert code == 0
    assert receipt["sha256"] == f"sha256:{hashlib.sha256(FILE).hexdigest()}", f"seed {seed}"
    assert verified_by_a_stranger(receipt, office.home)
    again = opened(office.home)
    assert again.catalog.clip(clip).state == DEPOSITED
    assert [line.type for line in again.catalog.history(clip)] == ["SECURED", "DEPOSITED"]
    assert list(again.spool.berths()) == []
    assert "路口" not in (office.home / "log").read_text()
    again.engine.dispose()


def verified_by_a_stranger(receipt: dict[str, str], home: Path) -> bool:
    """As docs/uploads.md says."""
    leaf, proof = home / "entry.json", home / "entry.tlog-proof"
    leaf.write_text(receipt["leaf"])
    proof.write_text(receipt["proof"])
    command = [sys.executable, "-m", "storage.verifier", "--leaf", str(leaf), "--proof", str(proof)]
    return subprocess.run([*command, "--vkey", receipt["verifier_key"]], check=False, capture_output=True).returncode == 0


def _asked(url: str, headers: dict[str, str]) -> int:
    return int(requests.head(url, headers={**headers, **TUS}, timeout=10).headers["upload-offset"])


def _state(url: str, clip: Subject, headers: dict[str, str]) -> str:
    return str(json.loads(requests.get(f"{url}/api/clips/{clip}", headers=headers, timeout=10).text)["state"])
