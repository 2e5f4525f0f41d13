"""What an office has from others, and gives to them: time-stamps, a key they must learn, values they are told."""

from __future__ import annotations

from datetime import timedelta

from storage.ledger.stamping import Stamped
from tests.servers.tsa_server import Authority
from yihu.disclosing import disclose
from yihu.keys import rotate
from yihu.proving import complete_proofs_of, write_complete, write_proofs
from yihu.stamping import stamping_of
from yihu.wiring import Office

from .world import Clock, World

TEN_MINUTES = timedelta(minutes=10)
BELIEVED = """
tsa_roots = "keys/roots.pem"

[keys]
officer_roots = "keys/roots.pem"
"""


def believe_an_authority(world: World) -> None:
    """Have the office believe an authority the time, and the certificates of officers that it issues."""
    authority = Authority(world.outside / "tsa")
    (world.home / "keys" / "roots.pem").write_bytes(authority.roots)
    settings = world.home / "yihu.toml"
    settings.write_text(settings.read_text("utf-8") + BELIEVED.lstrip(), "utf-8")
    (authority.directory / "clerk.key").chmod(0o600)
    chain = [(authority.directory / name).read_bytes() for name in ("clerk.pem", "chain.pem")]
    (world.outside / "officer.pem").write_bytes(b"".join(chain))


def clock_of(office: Office) -> Clock:
    """The clock of the office, to be set."""
    assert isinstance(office.clock, Clock)
    return office.clock


def stamp(office: Office, world: World) -> Stamped:
    """Ten minutes pass, and the newest head is stamped."""
    clock = clock_of(office)
    clock.now += TEN_MINUTES
    done = stamping_of(office).ask(lambda request: world.authority().stamp_at(request, clock.now))
    assert done is not None
    return done


def change_the_key(office: Office, world: World) -> None:
    """Have a new key sign beside the old one, and everybody outside know it."""
    world.learn(rotate(office).key.vkey)


def tell(office: Office, world: World) -> None:
    """Disclose a name to somebody, and prove to him that there is nothing more about its party."""
    party = office.dossiers.find_party("样例商铺")[0].subject
    told = world.outside / "told"
    disclose(office, str(party), fields=["name"], reason="核对", directory=told)
    proofs, complete = complete_proofs_of(office, str(party))
    write_proofs(proofs, told)
    write_complete(complete, told)
