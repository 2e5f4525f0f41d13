"""``vmlinux.py BZIMAGE TARGET``: the kernel without its packing, which QEMU starts directly and without unpacking it first."""

from __future__ import annotations

import lzma
import sys
from pathlib import Path

XZ = b"\xfd7zXZ\0"
ELF = b"\x7fELF"


def unpacked(packed: bytes) -> bytes:
    """Return the ELF file inside *packed*; `SystemExit` if there is none."""
    at = packed.find(XZ)
    while at >= 0:
        try:
            found = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(packed[at:])
        except lzma.LZMAError:
            found = b""
        if found.startswith(ELF):
            return found
        at = packed.find(XZ, at + 1)
    message = "vmlinux.py: no kernel packed with XZ in there"
    raise SystemExit(message)


if __name__ == "__main__":
    Path(sys.argv[2]).write_bytes(unpacked(Path(sys.argv[1]).read_bytes()))
