"""
Serve a recorder of `recorders` on FunctionFS, so that the kernel shows it as a real USB device; for the guest with virtual USB.

::

    python -m tests.ingest.recorder_gadget bc-plus /run/ffs

A functionfs is mounted at that folder; the gadget is bound to a controller once this says "ready". Only the standard library is
used. It ends when the gadget is unbound.
"""

from __future__ import annotations

import os
import struct
import sys
import threading
from pathlib import Path

from tests.ingest.recorders import AtRecorder, BcRecorder, Recorder

_FULL_AND_HIGH_SPEED = 3
_ADDRESSES_AS_WRITTEN = 16
"""Whatever endpoints the controller has: a recorder answers at 0x81 and 0x01."""
_UNBIND = 1


def descriptors() -> bytes:
    """One vendor interface with a bulk endpoint each way, 64 bytes at full and 512 at high speed."""
    speeds = []
    for packet in (64, 512):
        interface = struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 2, 0xFF, 0, 0, 0)
        endpoints = (struct.pack("<BBBBHB", 7, 5, address, 2, packet, 0) for address in (0x81, 0x01))
        speeds.append(interface + b"".join(endpoints))
    body = struct.pack("<II", 3, 3) + b"".join(speeds)
    return struct.pack("<III", 3, 12 + len(body), _FULL_AND_HIGH_SPEED | _ADDRESSES_AS_WRITTEN) + body


def serve(recorder: Recorder, folder: Path) -> None:
    """Answer until the gadget is unbound."""
    control = os.open(folder / "ep0", os.O_RDWR)
    os.write(control, descriptors())
    os.write(control, struct.pack("<IIII", 2, 16, 0, 0))
    threading.Thread(target=_answer, args=(recorder, folder), daemon=True).start()
    print("ready", flush=True)  # noqa: T201 - whoever binds the gadget waits for this
    while event := os.read(control, 12):
        if event[8] == _UNBIND:
            return


def _answer(recorder: Recorder, folder: Path) -> None:
    given, taken = os.open(folder / "ep81", os.O_WRONLY), os.open(folder / "ep01", os.O_RDONLY)
    while told := os.read(taken, 512):
        if answer := recorder.hear(told):
            os.write(given, answer)


if __name__ == "__main__":
    serve({"bc-plus": BcRecorder, "at-sign": AtRecorder}[sys.argv[1]](), Path(sys.argv[2]))
