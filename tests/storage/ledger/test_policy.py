"""Who must have cosigned: policy files, and whose hands the witnesses are in."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from storage.ledger.administrators import Witness, refuse_weak, standard_policy
from storage.ledger.keys import COSIGNATURE, VerifierKey
from storage.ledger.policy import Group, Policy

from .conftest import signer

LOG = VerifierKey.parse(signer().vkey)


def key(number: int) -> VerifierKey:
    """The key of witness *number*, the same in every run."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([200 - number]) * 32)
    return VerifierKey(f"witness.example/w{number}", COSIGNATURE, private.public_key().public_bytes_raw())


def witness(number: int, administrator: str, *, is_ours: bool = False) -> Witness:
    return Witness(f"w{number}", key(number), administrator, is_ours=is_ours)


SPECIFIED = f"""# the example of the specification, with keys
log {LOG.vkey}

witness X1 {key(1).vkey}
witness X2\t{key(2).vkey}  https://x2.example/witness
  witness X3 {key(3).vkey}
group X-witnesses 2 X1 X2 X3

witness Y1 {key(4).vkey}
witness Y2 {key(5).vkey}
witness Y3 {key(6).vkey}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


@pytest.mark.parametrize(
    ("cosigners", "met"),
    [
        ((), False),
        ((1, 2), False),
        ((1, 4), False),
        ((1, 2, 4), True),
        ((2, 3, 6), True),
        ((1, 2, 3), False),
        ((4, 5, 6), False),
    ],
)
def test_the_example_of_the_specification(cosigners: tuple[int, ...], met: bool) -> None:  # noqa: FBT001 - a table
    policy = Policy.parse(SPECIFIED)

    assert policy.is_met(map(key, cosigners)) is met
    assert (policy.logs, policy.fewest) == ((LOG,), 3)


def test_a_key_that_nobody_named_counts_for_nothing() -> None:
    policy = Policy.parse(f"witness w1 {key(1).vkey}\nquorum w1\n")

    assert not policy.is_met([key(2), VerifierKey("witness.example/w1", COSIGNATURE, key(2).public)])
    assert policy.is_met([key(1)])


def test_a_policy_may_need_nobody() -> None:
    policy = Policy.parse("quorum none\n")

    assert policy.is_met([])
    assert policy.fewest == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "ended by a line feed"),
        ("quorum none", "ended by a line feed"),
        ("# nothing\n", "exactly one quorum"),
        ("quorum none\nquorum none\n", "exactly one quorum"),
        ("quorum w1\n", "before it is defined"),
        (f"quorum w1\nwitness w1 {key(1).vkey}\n", "before it is defined"),
        (f"group g all w1\nwitness w1 {key(1).vkey}\nquorum g\n", "before it is defined"),
        ("group g all g\nquorum g\n", "before it is defined"),
        (f"witness w1 {key(1).vkey}\nwitness w1 {key(2).vkey}\nquorum w1\n", "defined twice"),
        (f"witness w1 {key(1).vkey}\ngroup w1 any w1\nquorum w1\n", "defined twice"),
        (f"witness w1 {key(1).vkey}\nwitness w2 {key(1).vkey}\nquorum w1\n", "same key"),
        (f"log {LOG.vkey}\nlog {LOG.vkey}\nquorum none\n", "same key"),
        (f"witness w1 {key(1).vkey}\ngroup g 2 w1\nquorum g\n", "2 of 1 members"),
        (f"witness w1 {key(1).vkey}\ngroup g 0 w1\nquorum g\n", "all, any or a number"),
        (f"witness w1 {key(1).vkey}\ngroup g 01 w1\nquorum g\n", "all, any or a number"),
        (f"witness w1 {key(1).vkey}\ngroup g most w1\nquorum g\n", "all, any or a number"),
        (f"witness w1 {key(1).vkey}\ngroup g all w1 w1\nquorum g\n", "a member twice"),
        (f"witness w1 {key(1).vkey}\ngroup g any w1\ngroup h any w1\nquorum g\n", "a member twice"),
        ("group g all\nquorum g\n", "0 of 0 members"),
        ("group g all none\nquorum g\n", "before it is defined"),
        (f"witness none {key(1).vkey}\nquorum none\n", "not 'none'"),
        (f"witness w1 {LOG.vkey}\nquorum w1\n", "expected a key of type 4"),
        (f"log {key(1).vkey}\nquorum none\n", "expected a key of type 1"),
        ("log nonsense\nquorum none\n", "policy: "),
        (f"witness w1 {key(1).vkey} https://a https://b\nquorum w1\n", "not a line"),
        ("quorum none none\n", "not a line"),
        ("Quorum none\n", "not a line"),
        ("quorum none\r\n", "control character"),
        ("quorum\x0bnone\n", "control character"),
        ("\n" * 1001 + "quorum none\n", "at most 1000 lines"),
    ],
)
def test_what_is_no_policy_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Policy.parse(text)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy over up to eight witnesses."""
    names = [f"证{number}" for number in range(draw(st.integers(1, 8)))]
    free, groups = list(names), []
    for number in range(draw(st.integers(0, 5))):
        members = draw(st.lists(st.sampled_from(free), unique=True, min_size=1)) if free else []
        if members:
            groups.append(Group(f"g{number}", draw(st.integers(1, len(members))), tuple(members)))
            free = [name for name in free if name not in members] + [f"g{number}"]
    quorum = draw(st.sampled_from([*names, *(group.name for group in groups), "none"]))
    return Policy((LOG,), {name: key(number) for number, name in enumerate(names)}, tuple(groups), quorum)


@given(policies())
def test_a_policy_reads_back_as_it_was_written(policy: Policy) -> None:
    read = Policy.parse(
        policy.text(comments=dict.fromkeys(policy.witnesses, "检察院"), urls=dict.fromkeys(policy.witnesses, "https://w"))
    )

    assert read == policy
    assert read.text() == policy.text()


@given(policies(), st.data())
def test_more_cosigners_never_make_it_worse_and_fewer_than_the_fewest_are_never_enough(
    policy: Policy, data: st.DataObject
) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(policy.witnesses))))
    more = some | data.draw(st.sets(st.sampled_from(sorted(policy.witnesses))))

    assert policy.is_met_by(more) or not policy.is_met_by(some)
    assert not policy.is_met_by(some) or len(some) >= policy.fewest
    assert policy.is_met_by(policy.witnesses)


def test_fifty_offices_under_one_administrator_are_one_witness() -> None:
    """The audit office's many witnesses are one voice; two voices need the prosecutor too."""
    many = [witness(number, "审计局") for number in range(50)]
    prosecutor = witness(60, "检察院")
    policy = standard_policy(LOG, [*many, prosecutor], least=2)

    assert not policy.is_met(one.key for one in many)
    assert policy.is_met([many[7].key, prosecutor.key])
    assert Policy.parse(policy.text()) == policy


def test_a_quorum_needs_somebody_outside_the_bureau() -> None:
    ours = [witness(number, f"分局{number}", is_ours=True) for number in range(3)]

    with pytest.raises(ValueError, match="of whom there are 0"):
        standard_policy(LOG, ours)
    policy = standard_policy(LOG, [*ours, witness(9, "检察院")])
    assert not policy.is_met(one.key for one in ours)
    assert policy.is_met([key(9)])


def test_who_is_ours_once_is_ours_with_every_witness() -> None:
    """A second key of our own administrator is not somebody else."""
    with pytest.raises(ValueError, match="of whom there are 0"):
        standard_policy(LOG, [witness(1, "本局", is_ours=True), witness(2, "本局")])


def test_an_administrator_may_be_called_like_a_witness() -> None:
    policy = standard_policy(LOG, [Witness("outside", key(1), "outside"), Witness("w2", key(2), "outside")])

    assert policy.is_met([key(2)])
    assert Policy.parse(policy.text()) == policy


HANDS = [witness(1, "审计局"), witness(2, "审计局"), witness(3, "检察院"), witness(4, "本局", is_ours=True)]
KEYS = {one.name: one.key for one in HANDS}


@pytest.mark.parametrize(
    ("groups", "quorum", "reason"),
    [
        ((Group("g", 2, ("w1", "w2", "w3")),), "g", "counts 审计局 twice"),
        ((Group("a", 1, ("w1", "w3")), Group("g", 2, ("a", "w2"))), "g", "counts 审计局 twice"),
        ((Group("g", 1, ("w3", "w4")),), "g", "nobody outside"),
        ((), "w4", "nobody outside"),
        ((), "none", "nobody outside"),
    ],
)
def test_a_policy_that_counts_the_same_hands_twice_or_only_ours_is_refused(
    groups: tuple[Group, ...], quorum: str, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        refuse_weak(Policy((LOG,), KEYS, groups, quorum), HANDS)


def test_a_strong_policy_is_accepted() -> None:
    groups = (Group("audit", 1, ("w1", "w2")), Group("g", 2, ("audit", "w3", "w4")))

    refuse_weak(Policy((LOG,), KEYS, groups, "g"), HANDS)
    refuse_weak(standard_policy(LOG, HANDS, least=2), HANDS)


def test_a_policy_about_witnesses_that_nobody_added_is_refused() -> None:
    with pytest.raises(ValueError, match="not a witness that was added"):
        refuse_weak(Policy((LOG,), {"w1": key(2)}, (), "w1"), HANDS)


@pytest.mark.parametrize("wrong", ["", "two words", "none", "#1", "a\nb"])
def test_names_can_stand_in_a_policy_file(wrong: str) -> None:
    with pytest.raises(ValueError, match="up to 100 characters"):
        Witness(wrong, key(1), "审计局")
    with pytest.raises(ValueError, match="up to 100 characters"):
        Witness("w1", key(1), wrong)


def test_a_witness_has_a_key_for_cosignatures_and_a_url_without_password() -> None:
    with pytest.raises(ValueError, match="type 4"):
        Witness("w1", LOG, "审计局")
    with pytest.raises(ValueError, match="without password"):
        Witness("w1", key(1), "审计局", url="https://me:secret@w.example/")
