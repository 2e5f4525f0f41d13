"""The entries of `api.people`, made from values that were looked at already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from api.policy import Grant
from storage.evidence import Actor, Entry, Json, Role, Subject, utc_text

if TYPE_CHECKING:
    from api.people.identities import Identity


def created(account: Subject, *, login: str, name: str, grant: Grant, actor: Actor) -> Entry:
    """Say that somebody may sign in, once they have set a password."""
    return Entry("ACCOUNT_CREATED", account, actor, grant_json(grant), {"login": login, "name": name})


def role_granted(account: Subject, grant: Grant, *, actor: Actor) -> Entry:
    """Say that somebody has a further role, over what, and until when."""
    return Entry("ROLE_GRANTED", account, actor, grant_json(grant))


def grant_json(grant: Grant) -> dict[str, Json]:
    """Return what a body says of a grant; pseudonyms alone."""
    body: dict[str, Json] = {"role": grant.role.value}
    for kind, named in (("offices", grant.scope.offices), ("matters", grant.scope.matters)):
        if named:
            body[kind] = list[Json](sorted(map(str, named)))
    if grant.until is not None:
        body["until"] = utc_text(grant.until)
    return body


def role_withdrawn(account: Subject, grant: Grant, *, actor: Actor) -> Entry:
    """Say that somebody has a grant no more."""
    return Entry("ROLE_WITHDRAWN", account, actor, {"role": grant.role.value, "grant": grant.number})


def not_granted(account: Subject, role: Role, *, why: str, actor: Actor) -> Entry:
    """Say that a role was not given, and why."""
    return Entry("REFUSED", account, actor, {"act": "grant", "role": role.value, "why": why})


def link_made(account: Subject, link: str, *, until: datetime, actor: Actor) -> Entry:
    """Say that a link was made by which a password may be set once; *link* is its digest."""
    return Entry("LINK_MADE", account, actor, {"link": link, "until": utc_text(until)})


def password_set(account: Subject, kept: str, *, link: str | None, actor: Actor) -> Entry:
    """Say that a password was set, by a link or by whoever knew the one before; only its hash is kept, in the vault."""
    how: dict[str, Json] = {"how": "change"} if link is None else {"how": "link", "link": link}
    return Entry("PASSWORD_SET", account, actor, how, {"password": kept})


def totp_set(account: Subject, secret: str, *, step: int, recovery: Sequence[str], actor: Actor) -> Entry:
    """Say that a second factor is asked for from now on; *step* is that of the code that proved it works."""
    return Entry("TOTP_SET", account, actor, {"step": step, "recovery": list(recovery)}, {"secret": secret})


def totp_removed(account: Subject, *, actor: Actor) -> Entry:
    """Say that no second factor is asked for any more."""
    return Entry("TOTP_REMOVED", account, actor)


def signed_in(session: str, *, how: str, proof: Mapping[str, Json], came: Mapping[str, Json], actor: Actor) -> Entry:
    """Say that somebody opened a session; *came* is from where and with what."""
    return Entry("SIGNED_IN", actor.who, actor, {"session": session, "how": how, **proof}, came)


def session_ended(account: Subject, session: str, *, why: str, actor: Actor) -> Entry:
    """Say that a session counts no more."""
    return Entry("SESSION_ENDED", account, actor, {"session": session, "why": why})


def identity_bound(account: Subject, identity: Identity, blind: str, *, actor: Actor) -> Entry:
    """Say that somebody may sign in as who they are elsewhere; *blind* is a keyed hash of that."""
    told: dict[str, Json] = {"issuer": identity.issuer, "subject": identity.subject}
    return Entry("IDENTITY_BOUND", account, actor, {"identity": blind}, told)


def identity_unbound(account: Subject, blind: str, *, actor: Actor) -> Entry:
    """Say that somebody may not sign in any more as who they are elsewhere."""
    return Entry("IDENTITY_UNBOUND", account, actor, {"identity": blind})


def disabled(account: Subject, *, reason: str, actor: Actor) -> Entry:
    """Say that somebody may not sign in any more; every session of theirs ends."""
    return Entry("ACCOUNT_DISABLED", account, actor, {}, {"reason": reason})


def enabled(account: Subject, *, reason: str, actor: Actor) -> Entry:
    """Say that somebody may sign in again."""
    return Entry("ACCOUNT_ENABLED", account, actor, {}, {"reason": reason})


def sign_ins_refused(
    log: Subject,
    *,
    since: datetime,
    reasons: Mapping[str, int],
    accounts: Mapping[str, int],
    actor: Actor,
) -> Entry:
    """Say how often strangers were refused since then, for which reasons, and which accounts they named."""
    body: dict[str, Json] = {"since": utc_text(since), "times": sum(reasons.values()), "reasons": dict(reasons)}
    return Entry("SIGN_INS_REFUSED", log, actor, {**body, **({"accounts": dict(accounts)} if accounts else {})})
