"""A stranger with a copied log: its times are a step of their own, and its tokens another where the roots are given."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from storage.ledger.checkpoint import Checkpoint
from storage.ledger.keys import VerifierKey
from storage.ledger.timestamp import request_for
from storage.verifier.leaves import read_leaf
from storage.verifier.logdir import verify_directory
from storage.verifier.program import main
from storage.verifier.steps import Outcome, Report
from storage.verifier.times import stamp_of
from storage.verifier.tokenfiles import TokenFiles
from storage.verifier.tokens import read_token
from tests.servers.tsa_server import Authority

from .conftest import ORIGIN, signer, wrong_steps
from .pegged import HOUR, SECOND, Pegged, honest

KEYS = [VerifierKey.parse(signer().vkey)]


def verified(log: Pegged, root: Path, tokens: TokenFiles | None = None) -> Report:
    return verify_directory(log.log.write(root), KEYS, tokens=tokens)


def test_the_times_are_a_step_of_their_own(tmp_path: Path) -> None:
    log = honest()
    report = verified(log, tmp_path)
    last = stamp_of(read_leaf(log.log.raws[14])).time

    assert report.outcome is Outcome.CONSISTENT
    assert [step.name for step in report.steps][-1] == "times"
    assert str(report.steps[-1].detail) == f"claimed times lie within the bounds of 3 time-stamps up to {last}"
    assert report.steps[-1].detail.in_language("zh") == f"各条记录的时间均在 3 个时间戳所限定的范围内，最后一个为 {last}"


def backdated(log: Pegged) -> None:
    log.put(log.now - HOUR)


def postdated(log: Pegged) -> None:
    log.put(log.now + HOUR)
    log.grow().stamp()


def another_tree(log: Pegged) -> None:
    log.stamp(root="0" * 64)


@pytest.mark.parametrize("act", [backdated, postdated, another_tree], ids=lambda act: act.__name__)
def test_what_contradicts_a_time_stamp_fails_that_step_and_no_other(tmp_path: Path, act: Callable[[Pegged], None]) -> None:
    log = honest()
    act(log)

    report = verified(log, tmp_path)
    assert report.outcome is Outcome.FAILED
    assert wrong_steps(report) == {"times"}


def stamped_log(authority: Authority, root: Path) -> tuple[Pegged, TokenFiles]:
    """A log whose time-stamps are real, and where they lie."""
    log, files = Pegged(), TokenFiles(root, authority.roots)
    root.mkdir()
    for _ in range(2):
        log.grow(3)
        put_stamp(log, files, authority)
    return log, files


def put_stamp(log: Pegged, files: TokenFiles, authority: Authority, text: str | None = None) -> Path:
    head = log.log.head()
    reply = authority.stamp_at(request_for(head if text is None else Checkpoint.parse(text)), log.now + SECOND)
    token, digest = read_token(reply), hashlib.sha256(reply).hexdigest()
    log.stamp(token=digest, time=token.time, authority=token.authority)
    path = files.directory / stamp_of(read_leaf(log.log.raws[-1])).file_name
    path.write_bytes(reply)
    return path


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "tsa")


@pytest.mark.needs("openssl")
def test_a_stranger_with_the_tokens_and_a_root_sees_who_stamped(tmp_path: Path, authority: Authority) -> None:
    log, files = stamped_log(authority, tmp_path / "tokens")
    report = verified(log, tmp_path / "log", files)

    assert wrong_steps(report) == set()
    assert [step.name for step in report.steps][-2:] == ["times", "tokens"]
    # an authority vouches for the time, not for this being the only history
    assert report.outcome is Outcome.CONSISTENT


@pytest.mark.needs("openssl")
def test_tokens_that_are_not_what_the_log_says_are_found(tmp_path: Path, authority: Authority) -> None:
    log, files = stamped_log(authority, tmp_path / "tokens")
    log.log.write(tmp_path / "log")
    first, second = sorted(files.directory.iterdir())

    def wrong(tokens: TokenFiles = files) -> tuple[set[str], str]:
        report = verify_directory(tmp_path / "log", KEYS, tokens=tokens)
        return wrong_steps(report), str(report.steps[-1].detail)

    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    assert wrong() == ({"tokens"}, f"entry 3: the file {first.name} is not the time-stamp it names")
    first.unlink()
    assert "cannot be read" in wrong()[1]
    first.write_bytes(kept)
    other = Authority(tmp_path / "other", "Other")
    assert "chain does not hold" in wrong(replace(files, roots_pem=other.roots))[1]
    assert wrong() == (set(), "2 time-stamps were given by an authority under the given roots")


@pytest.mark.needs("openssl")
def test_a_token_over_another_history_is_found(tmp_path: Path, authority: Authority) -> None:
    """Somebody had a fork stamped, and now says it was this log."""
    log, files = stamped_log(authority, tmp_path / "tokens")
    log.grow()
    put_stamp(log, files, authority, text=Checkpoint(ORIGIN, len(log.log.leaves), b"f" * 32).text)

    report = verified(log, tmp_path / "log", files)
    assert wrong_steps(report) == {"tokens"}
    assert "imprint" in str(report.steps[-1].detail)


@pytest.mark.needs("openssl")
def test_a_log_without_time_stamps_has_no_tokens_to_verify(tmp_path: Path, authority: Authority) -> None:
    report = verified(Pegged().grow(3), tmp_path / "log", TokenFiles(tmp_path, authority.roots))

    assert (report.outcome, wrong_steps(report)) == (Outcome.FAILED, {"tokens"})


@pytest.mark.needs("openssl")
def test_the_program_takes_tokens_and_roots(
    tmp_path: Path, authority: Authority, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, files = stamped_log(authority, tmp_path / "tokens")
    arguments = [str(log.log.write(tmp_path / "log")), "--vkey", signer().vkey, "--tokens", str(files.directory), "--json"]

    assert main([*arguments, "--tsa-roots", str(authority.roots_file)]) == 0
    assert [step["name"] for step in json.loads(capsys.readouterr().out)["steps"]][-2:] == ["times", "tokens"]
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "belong together" in capsys.readouterr().err

    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    assert main([*arguments[:-1], "--tsa-roots", str(authority.roots_file)]) == 3
    assert "tokens: NOT CHECKED. the Python package 'rfc3161-client' is missing" in capsys.readouterr().out
