"""
The words of tus 1.0 (https://tus.io/protocols/resumable-upload) that are spoken here, as pure functions.

Core, creation, termination and expiration. There is no ``checksum`` extension: the digest of the whole goes into the metadata
and is compared with what was computed while the bytes came. Headers come from anybody: what cannot be read is a `ValueError`.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import datetime
from email.utils import format_datetime

from storage.announced import Announced, What
from storage.evidence import Actor, Algorithm, Digest, Subject

VERSION = "1.0.0"
OCTETS = "application/offset+octet-stream"
SPOKEN = {"Tus-Resumable": VERSION, "Tus-Version": VERSION}
EXTENSIONS = "creation,termination,expiration"
LONGEST_METADATA = 8192
_NUMBER = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_KEY = re.compile(r"[\x21-\x2b\x2d-\x7e]+", re.ASCII)
_WHATS: dict[str, What] = {"third-party": "third-party", "footage": "footage"}


def number(text: str, header: str) -> int:
    """Read a number of bytes, written in one way only."""
    if not _NUMBER.fullmatch(text):
        message = f"{header}: expected a number of bytes"
        raise ValueError(message)
    return int(text)


def metadata(header: str) -> dict[str, str]:
    """Read ``Upload-Metadata``: keys with values in base64, each key once."""
    found: dict[str, str] = {}
    for pair in filter(None, header.split(",")):
        key, _, value = pair.strip().partition(" ")
        if not _KEY.fullmatch(key) or key in found:
            message = "Upload-Metadata: expected keys without spaces, each once"
            raise ValueError(message)
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            message = f"Upload-Metadata: expected the value of {key[:20]} in base64, of UTF-8"
            raise ValueError(message) from error
    return found


def announced(clip: Subject, actor: Actor, *, length: str, header: str) -> Announced:
    """Read what somebody says of the file to come; raises `ValueError`."""
    said = metadata(header)
    what = _WHATS.get(said.get("what", "third-party"))
    if what is None:
        message = f"what: expected one of {', '.join(_WHATS)}"
        raise ValueError(message)
    digests = [
        Digest.parse(f"{algorithm.value}:{said[algorithm.value].strip().lower()}")
        for algorithm in (Algorithm.SHA256, Algorithm.BLAKE3)
        if algorithm.value in said
    ]
    return Announced(
        clip=clip,
        account=actor.who,
        role=actor.role,
        size=number(length, "Upload-Length"),
        what=what,
        name=said.get("filename", ""),
        given_by=said.get("from", "").strip(),
        reason=said.get("reason", "").strip(),
        digests=tuple(digests),
        metadata=header,
    )


def expires(moment: datetime) -> str:
    """Write ``Upload-Expires``."""
    return format_datetime(moment, usegmt=True)
