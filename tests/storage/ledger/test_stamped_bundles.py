"""Time-stamps, SM2 lines, held heads and changed keys in bundles: what each is worth to whom, and words for what is wrong."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.export.excerpt import Excerpt, Stamped
from storage.ledger.checkpoint import sign_checkpoint
from storage.ledger.keys import Signer, VerifierKey
from storage.ledger.proof import format_proof
from storage.ledger.sm2 import Sm2Signer
from storage.ledger.timestamp import request_for
from storage.ledger.tree import consistency_proof, inclusion_proof
from storage.verifier.bundle import verify_bundle
from storage.verifier.rotation import ValidKey
from storage.verifier.steps import Outcome, Report
from tests.servers.tsa_server import Authority

from .bundled import excerpt_of, packed_again, told_log, write_bundle
from .conftest import ORIGIN, WITNESS_KEY, SmallLog, reader_of, signer, wrong_steps

KEYS = [VerifierKey.parse(signer().vkey)]
OLD_KEY, NEW_KEY = KEYS[0], VerifierKey.parse(signer(2).vkey)
COVERED = 24
"""The size of the first head that covers every exported entry; the log has one entry more."""

_LONG_AGO = datetime(2021, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(scope="module")
def log() -> tuple[SmallLog, list[int]]:
    made = told_log()
    assert (max(made[1]), len(made[0].leaves)) == (COVERED - 1, COVERED + 1)
    return made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "ours")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority") / "other", "Other")


@pytest.fixture(scope="module")
def token(log: tuple[SmallLog, list[int]], authority: Authority) -> bytes:
    return authority.stamp(request_for(log[0].head(COVERED)))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, log: tuple[SmallLog, list[int]], token: bytes) -> Path:
    """An honest bundle with a time-stamp over an older head; not to be changed."""
    return with_excerpt(tmp_path_factory.mktemp("bundles") / "honest", log, stamped(excerpt_of(*log, older=COVERED), token))


@pytest.fixture
def bundle(tmp_path: Path, made: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(made, tmp_path / "bundle"))


def stamped(excerpt: Excerpt, token: bytes, *, size: int = COVERED) -> Excerpt:
    return replace(excerpt, stamp=Stamped(size, hashlib.sha256(token).hexdigest(), token))


def with_excerpt(root: Path, log: tuple[SmallLog, list[int]], excerpt: Excerpt) -> Path:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("tests.storage.ledger.bundled.excerpt_of", lambda *_: excerpt)
        return write_bundle(root, *log)


def put(bundle: Path, size: int, token: bytes) -> None:
    """Another time-stamp, and the manifests as whoever put it there would write them."""
    (bundle / f"data/timestamps/{size:016d}-{hashlib.sha256(token).hexdigest()[:16]}.tsr").write_bytes(token)
    packed_again(bundle)


def said(report: Report, name: str) -> str:
    (step,) = [step for step in report.steps if step.name == name]
    return str(step.detail)


# --- time-stamps ----------------------------------------------------------------------------------------------------------


@pytest.mark.needs("openssl")
class TestTimestamps:
    def test_it_says_when_all_of_it_existed_to_who_believes_the_authority(self, made: Path, authority: Authority) -> None:
        report = verify_bundle(made, KEYS, tsa_roots=authority.roots)

        assert report.outcome is Outcome.CONSISTENT  # it says when, not that there is no other history
        assert said(report, "timestamps").startswith("1 time-stamps under the given roots: all this existed at 20")
        assert verify_bundle(made, KEYS, tsa_roots=authority.roots, witnesses=[WITNESS_KEY]).outcome is Outcome.VERIFIED

    def test_without_roots_nobody_is_believed_and_that_is_said(self, made: Path) -> None:
        report = verify_bundle(made, KEYS)

        assert report.outcome is Outcome.CONSISTENT
        assert said(report, "timestamps").endswith("no roots were given, so nobody is believed")

    def test_under_other_roots_it_is_wrong(self, made: Path, other: Authority) -> None:
        report = verify_bundle(made, KEYS, tsa_roots=other.roots)

        assert wrong_steps(report) == {"timestamps"}
        assert "its signature or chain does not hold under the given roots" in said(report, "timestamps")
        assert "not certificates in PEM" in said(verify_bundle(made, KEYS, tsa_roots=b"x"), "timestamps")

    def test_who_brings_roots_and_finds_no_time_stamp_is_told(self, bundle: Path, authority: Authority) -> None:
        """Else whoever takes it away would not be noticed."""
        shutil.rmtree(bundle / "data/timestamps")
        packed_again(bundle)

        report = verify_bundle(bundle, KEYS, tsa_roots=authority.roots)
        assert wrong_steps(report) == {"timestamps"}
        assert said(report, "timestamps") == "nothing was checked"
        assert "timestamps" not in {step.name for step in verify_bundle(bundle, KEYS).steps}

    def test_two_authorities_are_two_time_stamps_and_the_earlier_counts(
        self, bundle: Path, log: tuple[SmallLog, list[int]], authority: Authority, other: Authority
    ) -> None:
        put(bundle, COVERED, other.stamp(request_for(log[0].head(COVERED))))
        put(
            bundle, COVERED + 1, authority.stamp(request_for(log[0].head()))
        )  # over the newest head, whose text is there anyhow

        first = said(verify_bundle(bundle, KEYS, tsa_roots=authority.roots + other.roots), "timestamps")
        assert first.startswith("3 time-stamps under the given roots")
        assert wrong_steps(verify_bundle(bundle, KEYS, tsa_roots=authority.roots)) == {"timestamps"}
        put(bundle, COVERED, authority.stamp_at(request_for(log[0].head(COVERED)), _LONG_AGO))
        assert "existed at 2021-03-04T05:06:07.000Z" in said(verify_bundle(bundle, KEYS), "timestamps")

    @pytest.mark.parametrize("believed", ["under roots", "without roots"])
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ("another head", "time-stamp: its imprint is not the SHA-256 of the checkpoint"),
            ("renamed", "-0000000000000000.tsr: is not the time-stamp it names"),
            ("of the newest head, it says", "time-stamp: its imprint is not the SHA-256 of the checkpoint"),
            ("of a head that is not there", "data/log/heads/999: missing"),
            ("older than an entry", f".tsr: is older than entry {COVERED - 1}"),
            ("garbage", "time-stamp: not strict DER"),
            ("too long", "longer than 65536 bytes"),
        ],
    )
    def test_a_wrong_one_is_named(
        self,
        bundle: Path,
        log: tuple[SmallLog, list[int]],
        authority: Authority,
        token: bytes,
        change: str,
        words: str,
        believed: str,
    ) -> None:
        if change == "renamed":
            path = next((bundle / "data/timestamps").iterdir())
            path.rename(path.with_name(f"{COVERED:016d}-{'0' * 16}.tsr"))
            packed_again(bundle)
        else:
            size, raw = {
                "another head": (COVERED, authority.stamp(request_for(log[0].head(3)))),
                "of the newest head, it says": (COVERED + 1, token),
                "of a head that is not there": (999, token),
                "older than an entry": (9, authority.stamp(request_for(log[0].head(9)))),
                "garbage": (COVERED, b"time is an illusion"),
                "too long": (COVERED, bytes(2**17)),
            }[change]
            put(bundle, size, raw)

        report = verify_bundle(bundle, KEYS, tsa_roots=authority.roots if believed == "under roots" else None)
        assert wrong_steps(report) == {"timestamps"}
        assert words in said(report, "timestamps")

    def test_the_head_that_was_stamped_is_not_to_be_taken_away(self, bundle: Path) -> None:
        shutil.rmtree(bundle / "data/log/heads")
        packed_again(bundle)

        report = verify_bundle(bundle, KEYS)
        assert wrong_steps(report) == {"timestamps"}
        assert said(report, "timestamps") == f"data/log/heads/{COVERED}: missing"

    def test_without_the_package_the_rest_is_verified_and_the_report_says_so(
        self, made: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "rfc3161_client", None)

        assert verify_bundle(made, KEYS, tsa_roots=authority.roots).outcome is Outcome.UNSIGNED
        assert verify_bundle(made, KEYS).outcome is Outcome.CONSISTENT

    def test_openssl_says_the_same_by_the_lines_that_verify_md_prints(
        self, bundle: Path, authority: Authority, other: Authority
    ) -> None:
        told = (bundle / "VERIFY.md").read_text()
        (command,) = [line for line in told.splitlines() if line.startswith("openssl ts")]
        (text,) = [line for line in told.splitlines() if line.startswith("head -n 3")]
        shutil.copy(authority.roots_file, bundle / "roots.pem")
        script = f"{text}\n{command}".replace("heads/SIZE", f"heads/{COVERED}").replace("SIZE-….tsr", f"{COVERED:016d}-*.tsr")

        assert _ends_well(script, bundle)
        shutil.copy(other.roots_file, bundle / "roots.pem")
        assert not _ends_well(script, bundle)
        shutil.copy(authority.roots_file, bundle / "roots.pem")
        assert not _ends_well(script.replace(f"data/log/heads/{COVERED}", "data/log/checkpoint"), bundle)


def _ends_well(script: str, where: Path) -> bool:
    return subprocess.run(["/bin/sh", "-ec", script], cwd=where, capture_output=True, check=False, timeout=30).returncode == 0


# --- who signed -----------------------------------------------------------------------------------------------------------


def rotated(log: SmallLog, numbers: list[int], newest: Signer, older: Signer) -> Excerpt:
    """An excerpt under a head that *newest* signed, with an older head by *older*: the key was changed between the two."""
    read, size = reader_of(log.hashes), len(log.leaves)
    honest = excerpt_of(log, numbers, older=COVERED)
    head = sign_checkpoint(log.head(), newest)
    entries = tuple(
        replace(one, proof=format_proof(index=one.seq, path=inclusion_proof(one.seq, size, read), checkpoint_note=head))
        for one in honest.entries
    )
    path = tuple(consistency_proof(COVERED, size, read))
    old = replace(honest.older[0], note=sign_checkpoint(log.head(COVERED), older), path=path)
    return replace(honest, head=head, entries=entries, older=(old,))


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ([OLD_KEY, NEW_KEY], set()),
        ([NEW_KEY, OLD_KEY], set()),
        ([ValidKey(OLD_KEY, 0, COVERED), ValidKey(NEW_KEY, COVERED + 1)], set()),
        ([OLD_KEY], {"signature"}),
        ([NEW_KEY], {"held"}),
        ([ValidKey(OLD_KEY, 0, COVERED - 1), ValidKey(NEW_KEY, COVERED)], {"held"}),
        ([ValidKey(OLD_KEY, 0), ValidKey(NEW_KEY, COVERED + 2)], {"signature"}),
        ([VerifierKey.parse(signer(3).vkey)], {"signature", "held"}),
    ],
    ids=["both", "both, the new one first", "with their terms", "old", "new", "ended too early", "began too late", "neither"],
)
def test_for_every_head_a_key_of_its_time_must_be_given(
    tmp_path: Path, log: tuple[SmallLog, list[int]], given: list[VerifierKey | ValidKey], wrong: set[str]
) -> None:
    """The key was changed after the exported entries were signed first, and before they were exported."""
    bundle = with_excerpt(tmp_path / "bundle", log, rotated(*log, signer(2), signer()))

    assert wrong_steps(verify_bundle(bundle, given)) == wrong


@pytest.mark.parametrize(("number", "given"), [(1, OLD_KEY), (2, NEW_KEY)], ids=["not changed yet", "changed long ago"])
def test_where_all_heads_are_of_one_key_that_one_is_enough(
    tmp_path: Path, log: tuple[SmallLog, list[int]], number: int, given: VerifierKey
) -> None:
    bundle = with_excerpt(tmp_path / "bundle", log, rotated(*log, signer(number), signer(number)))

    assert verify_bundle(bundle, [given]).outcome is Outcome.CONSISTENT
    (other,) = {OLD_KEY, NEW_KEY} - {given}
    assert wrong_steps(verify_bundle(bundle, [other])) == {"signature", "held"}


def test_an_sm2_key_that_is_given_must_have_signed(tmp_path: Path, log: tuple[SmallLog, list[int]]) -> None:
    key, stranger = (Sm2Signer.generate(tmp_path / name, name=ORIGIN) for name in ("ours.pem", "other.pem"))
    excerpt = rotated(*log, signer(), signer())
    line = sign_checkpoint(log[0].head(), signer(), sm2=key)
    entries = tuple(replace(one, proof=one.proof.replace(excerpt.head, line)) for one in excerpt.entries)
    bundle = with_excerpt(tmp_path / "bundle", log, replace(excerpt, head=line, entries=entries))

    report = verify_bundle(bundle, KEYS, sm2=[key.key])
    assert (report.outcome, said(report, "sm2")) == (Outcome.CONSISTENT, f"signed with SM2 by {key.key.key_id.hex()}")
    assert wrong_steps(verify_bundle(bundle, KEYS, sm2=[stranger.key])) == {"sm2"}
    assert verify_bundle(bundle, KEYS).outcome is Outcome.CONSISTENT


def test_an_older_held_head_vouches_for_all_but_the_tail(made: Path, log: tuple[SmallLog, list[int]]) -> None:
    older = verify_bundle(made, KEYS, held=[log[0].note(COVERED)])
    newest = verify_bundle(made, KEYS, held=[log[0].note(COVERED), log[0].note()])

    assert (older.outcome, older.tail) == (Outcome.CONSISTENT, 1)
    assert (newest.outcome, newest.tail) == (Outcome.VERIFIED, 0)
