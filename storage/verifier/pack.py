"""Putting the verifier into one file, ``verify.pyz``, that any Python from 3.8 on runs. Same source, same bytes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

_START = '"""Start the verifier."""\n\nimport sys\n\nfrom verifier.program import main\n\nsys.exit(main(sys.argv[1:]))\n'
_SHEBANG = b"#!/usr/bin/env python3\n"


def zipped() -> bytes:
    """Return the whole verifier as a runnable zip file, readable source inside."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "__main__.py", _START.encode("ascii"))
        for module in sorted(Path(__file__).parent.glob("*.py")):
            _add(archive, f"verifier/{module.name}", module.read_bytes())
    return _SHEBANG + buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, raw: bytes) -> None:
    entry = zipfile.ZipInfo(name)  # its default time stamp is fixed, so the bytes depend on the source alone
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, raw)
