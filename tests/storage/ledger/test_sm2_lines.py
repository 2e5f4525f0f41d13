"""The SM2 line (国密): openssl verifies what we sign, C2SP verifiers pass over it, nothing unchecked is believed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import proofbundle
import pytest

from storage.errors import LedgerError, NotFound
from storage.ledger.checkpoint import sign_checkpoint
from storage.ledger.keys import VerifierKey
from storage.ledger.proof import format_proof
from storage.ledger.sm2 import Sm2Signer, public_pem
from storage.verifier import VerificationError
from storage.verifier.logdir import verify_directory
from storage.verifier.note import SignedNote
from storage.verifier.program import main
from storage.verifier.receipt import verify_receipt
from storage.verifier.sm2 import Sm2Key, verify_sm2
from storage.verifier.steps import Outcome

from .conftest import ORIGIN, SmallLog, log_of, one_bit_off, signer, wrong_steps

KEY = VerifierKey.parse(signer().vkey)


@pytest.fixture(scope="module")
def sm2(tmp_path_factory: pytest.TempPathFactory) -> Sm2Signer:
    """A key of ours."""
    return Sm2Signer.generate(tmp_path_factory.mktemp("sm2") / "sm2.pem", name=ORIGIN)


@pytest.fixture
def note(sm2: Sm2Signer) -> str:
    """A head with both lines."""
    return sign_checkpoint(log_of(3).head(), signer(), sm2=sm2)


def openssl(*arguments: object) -> bool:
    command = [shutil.which("openssl") or "", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def openssl_verifies(place: Path, key: Sm2Key, text: str, signature: bytes) -> bool:
    (place / "pub.pem").write_text(public_pem(key))
    (place / "text").write_text(text, "utf-8")
    (place / "sig").write_bytes(signature)
    options = ("-rawin", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
    files = ("-in", place / "text", "-sigfile", place / "sig")
    return openssl("pkeyutl", "-verify", "-pubin", "-inkey", place / "pub.pem", *options, *files)


@pytest.mark.needs("openssl")
def test_openssl_verifies_what_we_sign_and_refuses_what_was_changed(tmp_path: Path, note: str, sm2: Sm2Signer) -> None:
    parsed = SignedNote.parse(note)
    signature = parsed.signatures[1].signature

    assert openssl_verifies(tmp_path, sm2.key, parsed.text, signature)
    assert not openssl_verifies(tmp_path, sm2.key, parsed.text.replace("\n3\n", "\n4\n"), signature)


@pytest.mark.needs("openssl")
def test_a_key_that_openssl_made_signs(tmp_path: Path) -> None:
    path = tmp_path / "theirs.pem"
    assert openssl("ecparam", "-name", "SM2", "-genkey", "-noout", "-out", path)
    path.chmod(0o600)
    theirs = Sm2Signer.load(path, name=ORIGIN)
    text = f"{ORIGIN}\n"
    parsed = SignedNote.parse(f"{text}\n{theirs.line(text)}")

    assert openssl_verifies(tmp_path, theirs.key, parsed.text, parsed.signatures[0].signature)


def test_a_kept_key_is_found_again(tmp_path: Path) -> None:
    made = Sm2Signer.generate(tmp_path / "sm2.pem", name=ORIGIN)

    assert Sm2Signer.load(tmp_path / "sm2.pem", name=ORIGIN).key == made.key == Sm2Key.parse(made.key.vkey)
    assert (tmp_path / "sm2.pem").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LedgerError, match="never overwritten"):
        Sm2Signer.generate(tmp_path / "sm2.pem", name=ORIGIN)


def test_a_file_that_is_no_sm2_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sm2.pem"
    with pytest.raises(NotFound):
        Sm2Signer.load(path, name=ORIGIN)
    one, other = (Sm2Signer.generate(tmp_path / name, name=ORIGIN) for name in ("one.pem", "other.pem"))
    halves = (tmp_path / "one.pem").read_bytes()
    from storage.ledger.sm2 import _pem  # noqa: PLC0415 - to write a wrong one

    for content in (b"", b"-----BEGIN PRIVATE KEY-----", halves[:-60], _pem(one._private, other.key.public)):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(LedgerError, match="sm2.pem|signed wrongly"):
            Sm2Signer.load(path, name=ORIGIN)


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    Sm2Signer.generate(tmp_path / "sm2.pem", name=ORIGIN)
    (tmp_path / "sm2.pem").chmod(0o640)

    with pytest.raises(LedgerError, match="0600"):
        Sm2Signer.load(tmp_path / "sm2.pem", name=ORIGIN)


def test_who_knows_only_the_standard_passes_over_the_line(sm2: Sm2Signer) -> None:
    log = log_of(1)
    proof = format_proof(index=0, path=[], checkpoint_note=sign_checkpoint(log.head(), signer(), sm2=sm2))

    assert proofbundle.verify_tlog_proof(proof, log.raws[0], signer().vkey, expected_origin=ORIGIN)["ok"]
    assert verify_receipt(proof, log.raws[0], [KEY]).outcome is Outcome.CONSISTENT
    assert verify_receipt(proof, log.raws[0], [KEY], sm2=[sm2.key]).outcome is Outcome.CONSISTENT


def signed_directory(root: Path, log: SmallLog, note: str) -> Path:
    log.write(root)
    (root / "checkpoint").write_text(note, "utf-8")
    return root


def test_a_directory_holds_only_if_a_given_key_signed(tmp_path: Path, note: str, sm2: Sm2Signer) -> None:
    directory = signed_directory(tmp_path / "log", log_of(3), note)
    stranger = Sm2Signer.generate(tmp_path / "other.pem", name=ORIGIN).key

    report = verify_directory(directory, [KEY], sm2=[sm2.key])
    assert (report.outcome, [step.name for step in report.steps][:2]) == (Outcome.CONSISTENT, ["signature", "sm2"])
    assert wrong_steps(verify_directory(directory, [KEY], sm2=[stranger])) == {"sm2"}
    (directory / "checkpoint").write_text(log_of(3).note(), "utf-8")
    assert wrong_steps(verify_directory(directory, [KEY], sm2=[sm2.key])) == {"sm2"}


def test_a_changed_signature_is_refused(note: str, sm2: Sm2Signer) -> None:
    parsed = SignedNote.parse(note)
    signature = parsed.signatures[1].signature
    verify_sm2(note, sm2.key)
    for bit in range(0, 8 * len(signature), 37):
        with pytest.raises(VerificationError):
            sm2.key.verify(parsed.text, one_bit_off(signature, bit))
    for wrong in (b"", signature[:-1], signature + b"\0", b"\x30\x06\x02\x01\x01\x02\x01\x01"):
        with pytest.raises(VerificationError):
            sm2.key.verify(parsed.text, wrong)


def test_without_the_package_the_program_says_not_checked(
    tmp_path: Path, note: str, sm2: Sm2Signer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = signed_directory(tmp_path / "log", log_of(3), note)
    asked = [str(directory), "--vkey", KEY.vkey, "--sm2", sm2.key.vkey]
    assert main(asked) == 0
    monkeypatch.setitem(sys.modules, "gmssl_pyx", None)

    assert main(asked) == 3
    assert "sm2: NOT CHECKED" in capsys.readouterr().out


@pytest.mark.parametrize("public", [b"", b"\0" * 64, b"\xff" * 64, b"\1" * 64, b"\1" * 65])
def test_what_is_no_point_of_the_curve_is_no_key(public: bytes) -> None:
    with pytest.raises(VerificationError, match="point"):
        Sm2Key(ORIGIN, public)


def test_a_key_of_another_kind_is_no_sm2_key(sm2: Sm2Signer) -> None:
    for text in (KEY.vkey, "", "x", sm2.key.vkey[:-4], sm2.key.vkey.replace("+", "+0", 1)):
        with pytest.raises(VerificationError):
            Sm2Key.parse(text)
