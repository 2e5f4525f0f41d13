"""A key in a token (SoftHSM): it signs a whole log that others verify, never comes out, and may be away."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import proofbundle
import pytest

from storage import log_keys
from storage.errors import LedgerError, NotFound, Refused, StorageUnavailable
from storage.ledger.keyring import load_signer, load_signers
from storage.ledger.keys import VerifierKey
from storage.ledger.publish import DirectoryShelf, publish
from storage.ledger.tokens import Place, TokenSigner
from storage.verifier.logdir import verify_directory
from storage.verifier.receipt import verify_receipt
from storage.verifier.steps import Outcome

from .conftest import ORIGIN, signer
from .living import ADMINISTRATOR, KEY, SUBJECT, LivingLog

pytestmark = pytest.mark.needs("softhsm2-util")

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so", "/usr/local/lib/softhsm/libsofthsm2.so")
PIN, TOKEN, LABEL = "1234", "yihu", "log-2026"


class Box:
    """Tokens in a directory, and the files that say where a key is."""

    def __init__(self, home: Path) -> None:
        self.home, self.tokens = home, home / "tokens"
        self.tokens.mkdir()
        lines = (f"directories.tokendir = {self.tokens}", "objectstore.backend = file", "log.level = ERROR", "")
        (home / "softhsm2.conf").write_text("\n".join(lines))
        (home / "pin").write_text(PIN)
        (home / "pin").chmod(0o600)

    def place(self, **changes: str) -> Place:
        """Where the key of these tests is."""
        module = next(path for path in MODULES if Path(path).exists())
        return Place(**{"module": module, "token": TOKEN, "label": LABEL, "pin_file": "pin", **changes})

    def away(self) -> None:
        """Take the tokens out."""
        self.tokens.rename(self.home / "taken out")
        self.tokens.mkdir()

    def back(self) -> None:
        """Put them in again."""
        self.tokens.rmdir()
        (self.home / "taken out").rename(self.tokens)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A token that is plugged in."""
    made = Box(tmp_path)
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    program = shutil.which("softhsm2-util") or ""
    command = [program, "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "5678"]
    subprocess.run(command, check=True, capture_output=True)
    return made


def test_a_whole_log_signed_by_a_token_is_verified_by_others(box: Box, tmp_path: Path) -> None:
    made = TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    (signs,) = load_signers(tmp_path / "log.pkcs11", name=ORIGIN)
    living = LivingLog.found(tmp_path / "office")
    (tmp_path / "office" / "other disk" / "head").unlink()
    living = living.again(signs=[signs]).grow(300)
    living.log.lock()
    living.log.checkpoint()
    publish(living.log, DirectoryShelf(tmp_path / "log"))
    key, proof, leaf = VerifierKey.parse(made.vkey), living.log.proof(42), living.log.leaf(42)

    assert verify_directory(tmp_path / "log", [key]).outcome is Outcome.CONSISTENT
    assert verify_receipt(proof, leaf, [key]).outcome is Outcome.CONSISTENT
    assert proofbundle.verify_tlog_proof(proof, leaf, made.vkey, expected_origin=ORIGIN)["ok"]


def test_a_log_changes_from_a_file_to_a_token(box: Box, tmp_path: Path) -> None:
    token = TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    living = LivingLog.found(tmp_path / "office")
    head = living.log.keys.opened(living.log.checkpoint())
    note = living.log.keys.handing_over(head, token, overlap=None)
    living.custody.record(log_keys.rotated(note, log=SUBJECT, actor=ADMINISTRATOR))
    living.custody.record(log_keys.retired(KEY, log=SUBJECT, actor=ADMINISTRATOR))
    living = living.again(signs=[token])
    living.log.checkpoint()
    publish(living.log, DirectoryShelf(tmp_path / "log"))

    assert verify_directory(tmp_path / "log", [KEY]).outcome is Outcome.CONSISTENT


def test_a_token_that_goes_away_stops_signing_and_nothing_else(box: Box, tmp_path: Path) -> None:
    token = TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    box.away()
    again = load_signer(tmp_path / "log.pkcs11", name=ORIGIN)

    assert again.vkey == token.vkey
    with pytest.raises(StorageUnavailable, match="not there"):
        again.sign(b"x")
    box.back()
    VerifierKey.parse(again.vkey).verify("x", again.sign(b"x"))


def test_a_wrong_pin_is_refused_and_not_tried_again(box: Box, tmp_path: Path) -> None:
    token = TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    (tmp_path / "pin").write_text("9999")
    with pytest.raises(Refused, match="PIN"):
        token.sign(b"x")
    (tmp_path / "pin").write_text(PIN)

    with pytest.raises(Refused, match="PIN"):
        token.sign(b"x")
    assert len(load_signer(tmp_path / "log.pkcs11", name=ORIGIN).sign(b"x")) == 64


def test_a_pin_that_others_may_read_is_not_used(box: Box, tmp_path: Path) -> None:
    (tmp_path / "pin").chmod(0o644)

    with pytest.raises(LedgerError, match="0600"):
        TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    assert not (tmp_path / "log.pkcs11").exists()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"token": "other"}, StorageUnavailable),
        ({"module": "/no.so"}, StorageUnavailable),
        ({"pin_file": "no"}, NotFound),
    ],
    ids=["no such token", "no such library", "no such PIN"],
)
def test_what_is_not_there_is_named(box: Box, tmp_path: Path, changes: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error, match=next(iter(changes.values()))):
        TokenSigner.make(tmp_path / "log.pkcs11", box.place(**changes), name=ORIGIN)


def test_a_key_that_was_taken_out_of_its_token_is_named(box: Box, tmp_path: Path) -> None:
    TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    text = (tmp_path / "log.pkcs11").read_text().replace(LABEL, "gone")
    (tmp_path / "other.pkcs11").write_text(text)

    with pytest.raises(LedgerError, match="gone"):
        load_signer(tmp_path / "other.pkcs11", name=ORIGIN).sign(b"x")


def other_kind(box: Box, label: str) -> None:
    """Have the token make a key of another kind."""
    import pkcs11  # noqa: PLC0415 - optional

    library = pkcs11.lib(box.place().module)
    library.reinitialize()
    with library.get_token(token_label=TOKEN).open(rw=True, user_pin=PIN) as session:
        session.generate_keypair(pkcs11.KeyType.RSA, 2048, label=label, store=True)


def test_a_key_of_another_kind_is_refused(box: Box, tmp_path: Path) -> None:
    other_kind(box, "rsa")
    with pytest.raises(LedgerError, match="Ed25519 key, found RSA"):
        TokenSigner.make(tmp_path / "log.pkcs11", box.place(label="rsa"), name=ORIGIN)
    TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    text = (tmp_path / "log.pkcs11").read_text().replace(LABEL, "rsa")
    (tmp_path / "rsa.pkcs11").write_text(text)

    with pytest.raises(LedgerError, match="Ed25519 key, found RSA"):
        load_signer(tmp_path / "rsa.pkcs11", name=ORIGIN).sign(b"x")


def test_another_key_behind_the_label_signs_nothing_that_is_given_out(box: Box, tmp_path: Path) -> None:
    """The public half is in the file: a key that was exchanged in the token is found out before anybody sees its signature."""
    TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    TokenSigner.make(tmp_path / "two.pkcs11", box.place(label="two"), name=ORIGIN)
    text = (tmp_path / "log.pkcs11").read_text().replace(LABEL, "two")
    (tmp_path / "mixed.pkcs11").write_text(text)
    living = LivingLog.found(tmp_path / "office")
    head = living.log.keys.opened(living.log.checkpoint())

    with pytest.raises(LedgerError, match="signed wrongly"):
        living.log.keys.handing_over(head, load_signer(tmp_path / "mixed.pkcs11", name=ORIGIN), overlap=None)


def test_dying_between_the_token_and_the_file_makes_no_second_key(box: Box, tmp_path: Path) -> None:
    first = TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    (tmp_path / "log.pkcs11").unlink()

    assert TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN).vkey == first.vkey
    with pytest.raises(LedgerError, match="never overwritten"):
        TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)


def test_the_private_half_never_comes_out(box: Box, tmp_path: Path) -> None:
    import pkcs11  # noqa: PLC0415 - optional

    TokenSigner.make(tmp_path / "log.pkcs11", box.place(), name=ORIGIN)
    library = pkcs11.lib(box.place().module)
    library.reinitialize()
    with library.get_token(token_label=TOKEN).open(user_pin=PIN) as session:
        key = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=LABEL)
        told = [key[attribute] for attribute in (pkcs11.Attribute.EXTRACTABLE, pkcs11.Attribute.SENSITIVE)]

        assert told == [False, True]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[pkcs11.Attribute.VALUE]


@pytest.mark.parametrize("text", ["", "module = 3", "x", 'vkey = "y"'])
def test_a_file_that_says_nothing_of_a_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.pkcs11").write_text(text)

    with pytest.raises(LedgerError, match="expected"):
        load_signer(tmp_path / "log.pkcs11", name=ORIGIN)


def test_a_file_of_another_log_is_refused(tmp_path: Path) -> None:
    lines = [f'{name} = "x"' for name in ("module", "token", "label", "pin_file")]
    (tmp_path / "log.pkcs11").write_text("\n".join([*lines, f'vkey = "{signer(name="another.example/log").vkey}"']))

    with pytest.raises(LedgerError, match="another"):
        load_signer(tmp_path / "log.pkcs11", name=ORIGIN)
