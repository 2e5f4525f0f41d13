"""API tokens: shown once, kept as digests, ended by an entry."""

from __future__ import annotations

import pytest

from api.queries import account_with, all_accounts
from api.tokens import issue_token, revoke_token, token_digest
from storage.errors import LifeCycleError
from storage.evidence import Role
from storage.rebuild import differences
from tests.api.small_office import OPERATOR, SmallOffice


def test_a_token_is_kept_as_its_digest_alone(office: SmallOffice) -> None:
    account, token = office.token(Role.CLERK, "采集岗 甲")

    [recorded] = office.entries("TOKEN_ISSUED")
    assert recorded.entry.subject == account
    assert recorded.entry.body == {"role": "clerk", "token": token_digest(token)}
    assert recorded.entry.personal == {"name": "采集岗 甲"}
    assert token.encode() not in office.services.log.leaf(recorded.seq)


def test_a_token_has_256_random_bits_and_looks_like_ours(office: SmallOffice) -> None:
    tokens = {office.token(Role.CLERK)[1] for _ in range(5)}

    assert len(tokens) == 5
    assert all(token.startswith("yihu_") and len(token) == 48 for token in tokens)


def test_its_holder_is_found_by_it_until_it_is_revoked(office: SmallOffice) -> None:
    account, token = office.token(Role.REVIEWER, "审核岗")
    found = account_with(office.services.engine, token_digest(token), office.clock())
    revoke_token(office.services.custody, account, actor=OPERATOR)

    assert found is not None
    assert (found.subject, found.role, found.name) == (account, Role.REVIEWER, "审核岗")
    assert account_with(office.services.engine, token_digest(token), office.clock()) is None
    assert all_accounts(office.services.engine) == []


def test_a_token_is_revoked_once(office: SmallOffice) -> None:
    account, _ = office.token(Role.CLERK)
    revoke_token(office.services.custody, account, actor=OPERATOR)

    with pytest.raises(LifeCycleError):
        revoke_token(office.services.custody, account, actor=OPERATOR)


@pytest.mark.parametrize(("role", "name"), [(Role.SYSTEM, "x"), (Role.DOCK, "x"), (Role.CLERK, " ")])
def test_nobody_gets_a_token_for_the_program_or_without_a_name(office: SmallOffice, role: Role, name: str) -> None:
    with pytest.raises(ValueError, match="token"):
        issue_token(office.services.custody, name=name, role=role, actor=OPERATOR)


def test_the_table_of_accounts_is_what_a_replay_makes(office: SmallOffice) -> None:
    account, _ = office.token(Role.CLERK)
    office.token(Role.AUDITOR)
    revoke_token(office.services.custody, account, actor=OPERATOR)

    assert differences(office.services.engine, office.projector, office.vault) == []
