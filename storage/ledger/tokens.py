"""
Keys that lie in a token: a smart card or an HSM, reached over PKCS #11, which signs and never gives the key away.

A key file ``….pkcs11`` says where the key is, and holds its public half, so that everything but signing works while the token
is away. It holds nothing secret::

    module = "/usr/lib/softhsm/libsofthsm2.so"
    token = "yihu"  # the label of the token
    label = "log-2026"  # the label of the key in it
    pin_file = "hsm-pin"  # beside this file, mode 0600
    vkey = "office.example/yihu/dock-1+…"

A token that is away is `StorageUnavailable`: recording goes on, nothing is signed until it is back. A wrong PIN is `Refused`,
and is not tried twice by itself: tokens lock after a few.
"""

from __future__ import annotations

import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage import durable
from storage.errors import LedgerError, NotFound, Refused, StorageUnavailable
from storage.folder_files import within_reach
from storage.ledger.keys import ED25519, VerifierKey, read_secret
from storage.verifier.errors import VerificationError

__all__ = ["Place", "TokenSigner"]

_ED25519_OID = "1.3.101.112"
_POINT = b"\x04\x20"
"""DER: an octet string of 32 bytes follows, which is the public key."""
_ALONE = threading.Lock()
"""A library is begun anew for every session, under which nobody else of this process may have one."""
_FIELDS = ("module", "token", "label", "pin_file")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key lies."""

    module: str
    token: str
    label: str
    pin_file: str


class TokenSigner:
    """A key in a token. Threads and processes may sign at the same time; each signature opens a session of its own."""

    def __init__(self, place: Place, vkey: str, *, home: Path) -> None:
        self._place, self._home = place, home
        self._public = VerifierKey.parse(vkey)
        self._refused = ""

    @classmethod
    def make(cls, path: Path, place: Place, *, name: str) -> TokenSigner:
        """
        Have the token make a key that it never gives away, and keep at *path* where it is, durably before returning.

        A key of this label that is there already, from a try that broke off, is taken. `LedgerError` for a file that is there.
        """
        if path.exists():
            message = f"signing key {path}: there is already a file, and a key is never overwritten"
            raise LedgerError(message)
        with _ALONE, _session(place, path.parent) as session:
            public = _public_half(session, place) or _made(session, place)
        vkey = VerifierKey(name, ED25519, public).vkey
        with within_reach(f"signing key {path}"):
            lines = [f'{field} = "{_quoted(getattr(place, field))}"' for field in _FIELDS]
            durable.write_new(path, "\n".join([*lines, f'vkey = "{vkey}"', ""]).encode())
        return cls(place, vkey, home=path.parent)

    @classmethod
    def load(cls, path: Path, *, name: str) -> TokenSigner:
        """Read where a key lies; the token is not asked before there is something to sign."""
        try:
            read = tomllib.loads(path.read_text("utf-8"))
            place = Place(**{field: str(read.pop(field)) for field in _FIELDS})
            signer = cls(place, str(read.pop("vkey")), home=path.parent)
        except FileNotFoundError as error:
            message = f"signing key {path}: there is no such file"
            raise NotFound(message) from error
        except OSError as error:
            message = f"signing key {path}: cannot be read ({error.strerror})"
            raise StorageUnavailable(message) from error
        except (KeyError, ValueError, VerificationError) as error:
            message = f"signing key {path}: expected {', '.join(_FIELDS)} and vkey: {error}"
            raise LedgerError(message) from error
        if read or signer.name != name:
            message = f"signing key {path}: expected a key of {name}, found {signer.name} {' '.join(read)}"
            raise LedgerError(message)
        return signer

    @property
    def name(self) -> str:
        """The key name, which is the origin of the log it signs for."""
        return self._public.name

    @property
    def vkey(self) -> str:
        """The public half, as it is handed to strangers."""
        return self._public.vkey

    def sign(self, message: bytes) -> bytes:
        """Have the token sign *message* with Ed25519."""
        from pkcs11 import KeyType, Mechanism, ObjectClass  # noqa: PLC0415 - see `_library`

        with _ALONE:
            if self._refused:
                raise Refused(self._refused)
            try:
                with _session(self._place, self._home) as session:
                    key = _the(session, self._place, ObjectClass.PRIVATE_KEY)
                    if key.key_type is not KeyType.EC_EDWARDS:
                        _wrong_type(self._place, key.key_type)
                    return bytes(key.sign(message, mechanism=Mechanism.EDDSA))
            except NotFound as error:
                # a person must see to it: this is no token that comes back by itself
                raise LedgerError(str(error)) from error
            except Refused as error:
                # a process that went on trying a wrong PIN would lock the token within seconds
                self._refused = str(error)
                raise


def _library(module: str) -> Any:  # noqa: ANN401 - no types without the package
    try:
        # late: an optional package
        import pkcs11  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = f"{error.name}: this package is not installed; it comes with the extra 'hsm'"
        raise StorageUnavailable(message) from error
    try:
        return pkcs11.lib(module)
    except (RuntimeError, pkcs11.PKCS11Error) as error:
        message = f"PKCS #11 module {module}: cannot be loaded ({error})"
        raise StorageUnavailable(message) from error


@contextmanager
def _session(place: Place, home: Path) -> Iterator[Any]:
    library = _library(place.module)
    from pkcs11 import PKCS11Error, exceptions  # noqa: PLC0415 - see `_library`

    what = f"token {place.token}"
    try:
        pin = read_secret(home / place.pin_file).decode("utf-8").strip()
        # what was plugged in or taken out since is seen only by a library that begins anew
        library.reinitialize()
        with library.get_token(token_label=place.token).open(rw=True, user_pin=pin) as session:
            yield session
    except (exceptions.PinIncorrect, exceptions.PinLocked, exceptions.PinInvalid, exceptions.PinLenRange) as error:
        message = f"{what}: the PIN in {place.pin_file} is refused ({type(error).__name__})"
        raise Refused(message) from error
    except exceptions.NoSuchToken as error:
        message = f"{what}: it is not there"
        raise StorageUnavailable(message) from error
    except (exceptions.MultipleTokensReturned, exceptions.MultipleObjectsReturned) as error:
        message = f"{what}: more than one has this label, or more than one key is called {place.label}"
        raise LedgerError(message) from error
    except PKCS11Error as error:
        message = f"{what}: {type(error).__name__} {error}".rstrip()
        raise StorageUnavailable(message) from error


def _the(session: Any, place: Place, kind: Any) -> Any:  # noqa: ANN401
    from pkcs11.exceptions import NoSuchKey  # noqa: PLC0415 - see `_library`

    try:
        return session.get_key(object_class=kind, label=place.label)
    except NoSuchKey as error:
        message = f"token {place.token}: there is no key {place.label}"
        raise NotFound(message) from error


def _public_half(session: Any, place: Place) -> bytes | None:  # noqa: ANN401
    from pkcs11 import Attribute, KeyType, ObjectClass  # noqa: PLC0415 - see `_library`

    try:
        key = _the(session, place, ObjectClass.PUBLIC_KEY)
    except NotFound:
        return None
    if key.key_type is not KeyType.EC_EDWARDS:
        _wrong_type(place, key.key_type)
    point = bytes(key[Attribute.EC_POINT])
    # tokens differ in whether they wrap it as the standard says
    return point.removeprefix(_POINT) if len(point) == len(_POINT) + 32 else point


def _made(session: Any, place: Place) -> bytes:  # noqa: ANN401
    from pkcs11 import Attribute, KeyType, Mechanism  # noqa: PLC0415 - see `_library`
    from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415

    curve = {Attribute.EC_PARAMS: encode_named_curve_parameters(_ED25519_OID)}
    parameters = session.create_domain_parameters(KeyType.EC_EDWARDS, curve, local=True)
    parameters.generate_keypair(
        mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
        label=place.label,
        store=True,
        private_template={Attribute.EXTRACTABLE: False, Attribute.SENSITIVE: True, Attribute.SIGN: True},
    )
    public = _public_half(session, place)
    if public is None:
        message = f"token {place.token}: it made no key {place.label}"
        raise LedgerError(message)
    return public


def _wrong_type(place: Place, found: object) -> None:
    message = f"token {place.token}: expected {place.label} to be an Ed25519 key, found {getattr(found, 'name', found)}"
    raise LedgerError(message)


def _quoted(text: str) -> str:
    if not text.isprintable():
        message = f"{text!r}: expected no control characters"
        raise ValueError(message)
    return text.replace("\\", "\\\\").replace('"', '\\"')
