"""
A virtual machine, and its start from memory.

Emulated by QEMU everywhere; by KVM where that carries a guest through its start, which is tried once and remembered. A snapshot
belongs to the accelerator that made it. Nothing a guest writes outlives it: it has a disk of its own above the shared one.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.hardware.building import ROOT, Rig, locked, made

SHARES: Final = {"code": "/host/code", "site": "/host/site"}
"""Folders of this machine, by the tag under which the guest mounts them, and where."""

PROCESSORS: Final = {
    # what some hosts cannot emulate inside another virtual machine is left out
    "kvm": "host,-arch-capabilities,-cx16",
    "tcg,thread=multi": "Nehalem,+rdrand",
}
START = 240.0
"""Seconds until a guest that starts from its disk must have spoken."""
START_BY_KVM = 60.0
RESTORE = 60.0


class GuestFailed(AssertionError):
    """The guest did not do what guests do."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A guest in memory, waiting for orders."""

    folder: Path

    @property
    def accelerator(self) -> str:
        return (self.folder / "accelerator").read_text()

    @property
    def disk(self) -> Path:
        return self.folder / "disk.qcow2"

    @property
    def memory(self) -> Path:
        return self.folder / "memory"


class Machine:
    """A guest that runs, its line and its monitor."""

    def __init__(self, rig: Rig, place: Path, *, accelerator: str, disk: Path, memory: Path | None = None) -> None:
        self.place = place
        arguments = _arguments(rig, place, accelerator, disk)
        if memory is not None:
            arguments += ["-incoming", f"exec:cat {memory}"]
        self._errors = (place / "errors").open("w")
        self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=self._errors, stderr=self._errors)
        self.line = self._connected("line")
        self._asking = self._connected("monitor")
        self._monitor = self._asking.makefile("rw")
        self._monitor.readline()
        self.ask("qmp_capabilities")

    def ask(self, what: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Return what the monitor (QMP) answers."""
        self._monitor.write(json.dumps({"execute": what, "arguments": arguments}) + "\n")
        self._monitor.flush()
        while True:
            answer = json.loads(self._monitor.readline())
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                message = f"{what}: {answer['error']}"
                raise GuestFailed(message)

    @property
    def has_power(self) -> bool:
        """Whether it runs."""
        return self.process.poll() is None

    def end(self) -> None:
        """Take its power away; what it had not written is lost."""
        self.process.kill()
        self.process.wait()
        self._monitor.close()
        self._asking.close()
        self.line.close()
        self._errors.close()

    def said(self) -> str:
        """What kernel and QEMU said last."""
        return "".join((self.place / name).read_text("utf-8", "replace")[-3000:] for name in ("console", "errors"))

    def _connected(self, name: str) -> socket.socket:
        end = time.monotonic() + RESTORE
        while time.monotonic() < end and self.process.poll() is None:
            connection = socket.socket(socket.AF_UNIX)
            with suppress(OSError):
                connection.connect(os.fspath(self.place / name))
                return connection
            connection.close()
            time.sleep(0.02)
        message = f"no guest: {(self.place / 'errors').read_text()}"
        raise GuestFailed(message)


def snapshot_of(rig: Rig) -> Snapshot:
    """Return the snapshot to start from on this machine, made now if it is not there."""
    processor = hashlib.sha256(_processor().encode()).hexdigest()[:8]
    folder = rig.image / f"snapshot-{processor}"
    with locked(rig.image / "lock"):
        made(folder, lambda half: _make_snapshot(rig, half))
    return Snapshot(folder)


def _make_snapshot(rig: Rig, folder: Path) -> None:
    if os.access("/dev/kvm", os.R_OK | os.W_OK):
        with suppress(GuestFailed, OSError):
            _take_snapshot(rig, folder, "kvm", START_BY_KVM)
            return
    _take_snapshot(rig, folder, "tcg,thread=multi", START)


def _take_snapshot(rig: Rig, folder: Path, accelerator: str, patience: float) -> None:
    disk = folder / "disk.qcow2"
    disk.unlink(missing_ok=True)
    overlay(rig.disk, disk)
    machine = Machine(rig, folder, accelerator=accelerator, disk=disk)
    try:
        _await_readiness(machine, patience)
        machine.ask("migrate", uri=f"exec:cat > {folder / 'memory'}")
        while (state := machine.ask("query-migrate")["status"]) in {"setup", "active", "device"}:
            time.sleep(0.1)
        if state != "completed":
            raise GuestFailed(state)
        machine.ask("quit")
        machine.process.wait()
        (folder / "accelerator").write_text(accelerator)
    finally:
        machine.end()


def _await_readiness(machine: Machine, patience: float) -> None:
    """Wait until the guest speaks; an accelerator that fails stops it, which is no reason to wait on."""
    machine.line.settimeout(1)
    end = time.monotonic() + patience
    while time.monotonic() < end and machine.ask("query-status")["running"]:
        with suppress(TimeoutError):
            if machine.line.recv(1 << 16).startswith(b'{"ready"'):
                return
    raise GuestFailed(machine.said())


def overlay(below: Path, disk: Path) -> None:
    """Make a disk that holds what is written above another one."""
    kind = "qcow2" if below.suffix == ".qcow2" else "raw"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", below.resolve(), "-F", kind, disk], check=True)


@contextmanager
def ended(machine: Machine) -> Iterator[Machine]:
    """Have a machine, and end it."""
    try:
        yield machine
    finally:
        machine.end()


def _processor() -> str:
    """What a snapshot may depend on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return "\n".join(sorted({line for line in lines if line.startswith(("model name", "flags"))}))


def _arguments(rig: Rig, place: Path, accelerator: str, disk: Path) -> list[str]:
    """Return how QEMU is started; the list of devices is the same every time, or no snapshot would fit."""
    kernel = (
        "console=ttyS0 quiet loglevel=4 nokaslr mitigations=off no_timer_check random.trust_cpu=on cryptomgr.notests panic=-1"
    )
    shared = {"code": ROOT, "site": sysconfig.get_path("purelib")}
    arguments = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    arguments += ["-M", "pc,usb=off,vmport=off,hpet=off", "-accel", accelerator, "-cpu", PROCESSORS[accelerator]]
    arguments += ["-smp", "2", "-m", "1280", "-kernel", str(rig.kernel), "-initrd", str(rig.initrd)]
    arguments += ["-append", f"{kernel} net.ifnames=0 systemd.show_status=0", "-serial", f"file:{place / 'console'}"]
    arguments += ["-device", "virtio-serial-pci", "-chardev", f"socket,id=line,path={place / 'line'},server=on,wait=on"]
    arguments += ["-device", "virtserialport,chardev=line,name=rig", "-device", "qemu-xhci,id=xhci"]
    arguments += ["-qmp", f"unix:{place / 'monitor'},server=on,wait=off"]
    arguments += ["-drive", f"file={disk},format=qcow2,if=virtio,cache=unsafe"]
    for tag in SHARES:
        arguments += ["-virtfs", f"local,path={shared[tag]},mount_tag={tag},security_model=none,readonly=on"]
    return arguments
