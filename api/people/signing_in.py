"""
Signing in: with a password and, where one is set, a second factor.

Whether nobody has the name, the account is disabled, no password was set or it is wrong: the work is the same, a hash is
computed and the same is answered. Every attempt is counted first (`api.people.attempts`). That a second factor is asked for is
told only to whoever had the password.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NoReturn

from starlette.exceptions import HTTPException

from api.people.accounts import actor_of
from api.people.attempts import Attempt, Attempts
from api.people.logins import folded
from api.people.queries import Person, person_called
from api.people.refused import Strangers
from api.people.second_factor import SecondFactor
from api.people.sessions import Came, Sessions
from api.queries import Engine
from storage.errors import StaleState
from storage.evidence import Json, Subject
from storage.passwords import is_right_password

WRONG, SECOND_FACTOR, LOCKED_OUT = "sign-in", "second-factor", "locked-out"


class SigningIn:
    """Lets people in who prove who they are. Safe to call from many threads."""

    def __init__(
        self,
        engine: Engine,
        attempts: Attempts,
        sessions: Sessions,
        second_factor: SecondFactor,
        strangers: Strangers,
        *,
        key: bytes,
    ) -> None:
        self._engine, self._attempts, self._sessions = engine, attempts, sessions
        self._second_factor, self._strangers, self._key = second_factor, strangers, key

    def with_password(self, login: str, password: str, code: str, came: Came) -> tuple[str, Person]:
        """Return the secret of a new session and whose it is; raises a 401 that says nothing more, or a 429."""
        name = folded(login)
        attempt = self._begin(name, came.address)
        person = self._whose(name, password)
        proof = self._proven(person, code, attempt)
        how = "password" if not proof else "password+totp" if "step" in proof else "password+recovery"
        try:
            secret = self._sessions.open(actor_of(person, self._sessions.now()), how=how, came=came, proof=proof)
        except StaleState:  # the code was used meanwhile, or before
            self._wrong(person.subject)
        self._attempts.was_right(attempt)
        return secret, person

    def confirm_password(self, person: Person, password: str, came: Came) -> None:
        """Make sure that whoever sits there is *person*, before something about their account changes."""
        name = person.login or ""
        attempt = self._begin(name, came.address)
        self._whose(name, password)
        self._attempts.was_right(attempt)

    def begin(self, what: str, came: Came) -> Attempt:
        """Count an attempt at something that has no account."""
        return self._begin(what, came.address)

    def was_right(self, attempt: Attempt) -> None:
        """Forget an attempt that was right."""
        self._attempts.was_right(attempt)

    def was_not_wrong(self, attempt: Attempt) -> None:
        """Give back an attempt that decided nothing."""
        self._attempts.was_not_wrong(attempt)

    def _begin(self, name: str, address: str) -> Attempt:
        try:
            return self._attempts.begin(name, address)
        except HTTPException:
            self._strangers.add(LOCKED_OUT)
            raise

    def _whose(self, name: str, password: str) -> Person:
        """Return who has that name and password; the hash is computed whoever it is."""
        person = person_called(self._engine, name)
        kept = person.password if person is not None and person.can_sign_in(self._sessions.now()) else None
        right = is_right_password(password, kept, key=self._key)
        if person is None or not right:
            self._wrong(None if person is None else person.subject)
        return person

    def _proven(self, person: Person, code: str, attempt: Attempt) -> dict[str, Json]:
        if person.totp_seq is None:
            return {}
        if not code.strip():
            self._attempts.was_not_wrong(attempt)
            raise HTTPException(HTTPStatus.UNAUTHORIZED, SECOND_FACTOR)
        proof = self._second_factor.proof(person, code.strip())
        if proof is None:
            self._wrong(person.subject)
        return proof

    def _wrong(self, account: Subject | None) -> NoReturn:
        self._strangers.add(WRONG, account)
        raise HTTPException(HTTPStatus.UNAUTHORIZED, WRONG)
