"""Keys in the roster: what a key signs counts only in rounds that were opened while it was its person's own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.pure.beginnings import asking, opened
from tests.pure.keys import public, to_sign
from tests.pure.world import F, Story, but, member, said, standard_plan, with_member
from tidegate.keys import Malformed, blob, fingerprint, fingerprints, passkey_fingerprint, string, unpadded
from tidegate.models.base import GateKind
from tidegate.models.decision import Notify
from tidegate.models.event import Amend, Choice, Delegate, Reassign
from tidegate.models.person import Passkey, PublicKey
from tidegate.models.plan import Plan
from tidegate.models.reasons import Code
from tidegate.models.state import Phase
from tidegate.rights import keys_kept, own_key

DAY = timedelta(days=1)


NAMES = {1: "risk-a", 2: "key-2", 3: "business", 4: "key-4", 5: "key-5", 6: "key-6"}


def key(number: int) -> PublicKey:
    """Return a public key; the same number is the same key, the first and the third are their people's own."""
    return PublicKey(key=public(NAMES[number]))


def name(by: PublicKey) -> str:
    """Return whose key it is by birth."""
    return next(one for one in NAMES.values() if public(one) == by.key)


OLD, NEW, OWN = key(1), key(2), key(3)
FINGERPRINT = "SHA256:4D9o54y7SlimpM/7EAS+z1qBQXaGkd/fYGcrF5oMwBs"


def signed() -> Plan:
    """Return a plan whose first gate counts only signed votes, and whose risk officer has a key."""
    plan = with_member(asking(signed=True), "risk-a", keys=(OLD,))
    return with_member(plan, "business", keys=(OWN,))


def cast(story: Story, who: str, by: PublicKey, choice: Choice = Choice.APPROVE, **more: Any) -> Code:
    """Vote as somebody, with a signature that a key has made; return the answer."""
    return said(story.vote(who, choice, **by_key(story, by), **more))


def by_key(story: Story, by: PublicKey) -> dict[str, Any]:
    """Return what makes a message one that a key signs."""
    return {"signature": to_sign(name(by)), "not_after": story.now + DAY}


def amended(story: Story, plan: Plan) -> Code:
    """Let the holder of the roster change it, signed."""
    return said(story.message(Amend, "business", verified=True, plan=plan))


def test_a_fingerprint_is_what_ssh_prints() -> None:
    """A key has the name that `ssh-keygen -lf` gives it, whatever comment stands behind it."""
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJL1oHSGC7+0EkDPh+Ew+U2WyrKytx1qWxMTufSaozY5"
    for line in (public, f"{public} somebody@desk"):
        assert fingerprints(member("x", (), keys=(PublicKey(key=line),))) == (FINGERPRINT,)


def test_a_passkey_is_called_the_same_for_ever() -> None:
    """What was signed with it is kept under this name: if it were another one day, its owner's yes would be void."""
    passkey = Passkey(id="cred-0123456789abcdef", key="A" * 40, site="desk.example")
    assert passkey_fingerprint(passkey) == "passkey:0679246d6c4216de0daa08e5523fb2674db2b6599c3"


def test_a_key_that_nobody_can_read_hides_no_other() -> None:
    """The keys that stand after it in the programme are their owner's all the same."""
    broken = PublicKey(key="ssh-ed25519 AAAA")
    assert fingerprints(member("x", (), keys=(broken, OLD))) == fingerprints(member("x", (), keys=(OLD,)))
    assert len(fingerprints(member("x", (), keys=(broken, OLD)))) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("ssh-ed25519", "it is no public key in OpenSSH's form"),
        ("ssh-ed25519 AAAA", "it is no public key in OpenSSH's form"),
        (f"ssh-rsa {public('risk-a').split()[1]}", "it says another kind of key than it holds"),
    ],
)
def test_what_is_no_public_key_says_so(line: str, why: str) -> None:
    """Whoever adds a key hears what is wrong with the line; a whole one is read."""
    with pytest.raises(Malformed) as wrong:
        blob(line)
    assert str(wrong.value) == why
    assert fingerprint(blob(f"ssh-ed25519 {public('risk-a').split()[1]}")).startswith("SHA256:")


def test_bytes_that_end_before_their_length_say_so() -> None:
    """A length is four bytes, and as many follow as it says."""
    for short in (bytes(3), bytes((0, 0, 0, 1))):
        with pytest.raises(Malformed, match=r"^it ends too soon$"):
            string(short)
    assert string(bytes((0, 0, 0, 1, 7, 8))) == (bytes((7,)), bytes((8,)))


def test_only_base64url_is_read_as_such() -> None:
    """A sign that does not belong there is not passed over: one key has one spelling, and so has one signature."""
    assert unpadded("QUFB_w") == b"AAA\xff"
    with pytest.raises(Malformed, match=r"^it is not base64url$"):
        unpadded("QU!FB")


@pytest.mark.parametrize(("by", "code"), [(NEW, Code.LATE_KEY), (OLD, Code.APPROVED)])
def test_a_key_added_for_somebody_else_votes_in_no_open_round(by: PublicKey, code: Code) -> None:
    """Who adds a key to another's entry does not vote as them in the open round; their own old key still does."""
    story = opened(signed())
    assert amended(story, with_member(story.plan, "risk-a", keys=(OLD, NEW))) is Code.AMENDMENT
    assert cast(story, "risk-a", by) is code


def test_a_key_of_ones_own_moved_to_another_is_late_too() -> None:
    """A key that was known as the adder's is no other person's: what counts is whose it was when the round opened."""
    story = opened(signed())
    amended(story, with_member(story.plan, "risk-a", keys=(OLD, OWN)))
    assert cast(story, "risk-a", OWN) is Code.LATE_KEY
    assert cast(story, "risk-a", OLD) is Code.APPROVED


def test_a_new_key_counts_from_the_next_round_on() -> None:
    """What was late in one round is as good as any in a round that is opened afterwards."""
    story = opened(signed())
    amended(story, with_member(story.plan, "risk-a", keys=(OLD, NEW)))
    story.vote("ops-a", Choice.REQUEST_CHANGES, verified=True)
    story.ready(None, "business")
    assert story.gate.keys_before == {}
    assert cast(story, "risk-a", NEW) is Code.APPROVED


@pytest.mark.parametrize("late", [True, False])
def test_a_person_made_up_while_a_round_is_open_signs_nothing_in_it(late: bool) -> None:
    """Somebody who was not there when the round was opened has no key in it; whoever was there before has."""
    plan = signed()
    with_them = but(plan, roster={**plan.roster, "risk-c": member("risk-c", (F.RISK,), keys=(NEW,))})
    story = opened(plan if late else with_them)
    if late:
        assert amended(story, with_them) is Code.AMENDMENT
    assert cast(story, "risk-c", NEW) is (Code.LATE_KEY if late else Code.APPROVED)


@pytest.mark.parametrize(("by", "code"), [(NEW, Code.NO_SEAT), (OLD, Code.APPROVED)])
def test_a_late_key_passes_no_seat_on(by: PublicKey, code: Code) -> None:
    """A delegation that a late key signed seats nobody in the open round; one by the old key does."""
    story = opened(with_member(signed(), "comp-a", keys=(key(4),)))
    amended(story, with_member(story.plan, "risk-a", keys=(OLD, NEW)))
    words = {"to": "comp-a", "function": F.RISK, "until": story.now + 9 * DAY, **by_key(story, by)}
    assert said(story.message(Delegate, "risk-a", **words)) is Code.DELEGATED
    assert cast(story, "comp-a", key(4), function=F.RISK) is code


@pytest.mark.parametrize(("by", "code"), [(NEW, Code.LATE_KEY), (OLD, Code.REASSIGNED)])
def test_a_late_key_chooses_nobody(by: PublicKey, code: Code) -> None:
    """The head of a function names who else decides with a key that was theirs when the round was opened."""
    story = opened(signed())
    amended(story, with_member(story.plan, "risk-a", keys=(OLD, NEW)))
    words = {"gate": story.gate.id, "function": F.RISK, "to": "data-a", **by_key(story, by)}
    assert said(story.message(Reassign, "risk-a", **words)) is code


@pytest.mark.parametrize(("by", "code"), [(NEW, Code.LATE_KEY), (OLD, Code.VETO_WITHDRAWN)])
def test_a_late_key_lifts_no_veto(by: PublicKey, code: Code) -> None:
    """While a round is open a veto is not lifted by a key that came after it; by one from before it is."""
    story = opened(signed())
    cast(story, "risk-a", OLD, Choice.VETO)
    amended(story, with_member(story.plan, "risk-a", keys=(OLD, NEW)))
    assert cast(story, "risk-a", by, Choice.WITHDRAW_VETO) is code


@pytest.mark.parametrize("by", [NEW, OLD])
def test_any_key_may_say_no(by: PublicKey) -> None:
    """A veto makes it safer, and so is heard with whatever key it comes."""
    story = opened(signed())
    amended(story, with_member(story.plan, "risk-a", keys=(OLD, NEW)))
    assert cast(story, "risk-a", by, Choice.VETO) is Code.VETOED


@pytest.mark.parametrize("lost", [True, False])
def test_what_a_lost_key_signed_is_void(lost: bool) -> None:
    """A yes whose key is taken out before it is used is void, even if it comes again; another's key voids nothing."""
    story = opened(signed())
    yes = story.ballot("risk-a", **by_key(story, OLD))
    story.say(yes)
    story.vote("ops-a", verified=True)
    assert story.phase is Phase.SCHEDULED
    who, keys = ("risk-a", (NEW,)) if lost else ("risk-b", (NEW,))
    amended(story, with_member(story.plan, who, keys=keys))
    assert story.phase is (Phase.AWAITING_APPROVAL if lost else Phase.SCHEDULED)
    assert (Code.KEYS_LOST in story.codes()) is lost
    if lost:
        story.now += 2 * DAY
        story.say(yes.model_copy(update={"not_after": story.now + DAY}))
        assert [ballot.person for ballot in story.gate.ballots] == ["ops-a"]
        assert said(story.vote("risk-b", verified=True)) is Code.APPROVED


@pytest.mark.parametrize("key_changes", [True, False])
def test_whoever_gets_a_key_hears_of_it(key_changes: bool) -> None:
    """A key that is added is told to its person and to the programme at once; another change of the roster is not."""
    story = opened(signed())
    changes = {"keys": (OLD, NEW)} if key_changes else {"away": ((story.now, story.now + DAY),)}
    before = len(story.moves)
    amended(story, with_member(story.plan, "risk-a", **changes))
    notices = [move for move in story.moves[before:] if isinstance(move, Notify)]
    told = [move.to for move in notices if move.about.code is Code.KEYS_CHANGED]
    assert told == ([("risk-a", "governance")] if key_changes else [])


def test_keys_are_changed_by_the_holder_of_the_roster_alone() -> None:
    """The AI owner may amend and may not add a key; who holds the roster may, and only signed where votes are."""
    story = opened(signed())
    plan = with_member(story.plan, "risk-b", keys=(NEW,))
    assert said(story.message(Amend, "owner", verified=True, plan=plan)) is Code.NO_RIGHT
    assert said(story.message(Amend, "business", plan=plan)) is Code.SIGNATURE_REQUIRED
    assert amended(story, plan) is Code.AMENDMENT


@given(steps=st.lists(st.lists(st.integers(1, 6), max_size=3, unique=True), min_size=1, max_size=6))
def test_however_often_keys_change_only_the_first_ones_count(steps: list[list[int]]) -> None:
    """After any changes of somebody's keys a round still knows those they had when it was opened, and no other."""
    story = opened(signed())
    gate, plan = story.gate, story.plan
    for numbers in steps:
        new = with_member(plan, "risk-a", keys=tuple(key(number) for number in numbers))
        gate, plan = keys_kept(gate, plan, new), new
    changed = any(sorted(numbers) != [1] for numbers in steps)
    for number in range(1, 7):
        assert own_key(gate, "risk-a", fingerprint(blob(key(number).key))) is (number == 1 or not changed)
    assert own_key(gate, "ops-a", "")
    assert len(gate.keys_before) <= 1


def test_the_plan_may_name_no_gate() -> None:
    """Where no round is open, keys change and nothing has to be remembered."""
    story = Story(with_member(standard_plan(), "risk-a", keys=(OLD,)))
    assert amended(story, with_member(story.plan, "risk-a", keys=(NEW,))) is Code.AMENDMENT
    story.start()
    story.ready()
    assert (story.gate.kind, story.gate.keys_before) == (GateKind.FIRST_EXPOSURE, {})


EDITS = st.lists(
    st.tuples(
        st.sampled_from(("business", "risk-a", "risk-b", "both", "comp-a", "comp-deputy")),
        st.sampled_from(("functions", "deputy", "away", "active", "keys", "head")),
    ),
    max_size=6,
)


@settings(max_examples=30)
@given(EDITS)
def test_whoever_edits_the_roster_gains_no_vote_in_an_open_round(edits: list[tuple[str, str]]) -> None:
    """However the holder of the roster turns it, they get no seat in the round that was open, and no other's vote."""
    story = opened(signed())
    first = story.gate
    for who, what in edits:
        all_changes: dict[str, dict[str, Any]] = {
            "functions": {"functions": (F.RISK, F.OPERATIONS)},
            "deputy": {"deputy": "business"},
            "away": {"away": ((story.now - DAY, story.now + 9 * DAY),)},
            "active": {"active": not story.plan.roster[who].active},
            "keys": {"keys": (*story.plan.roster[who].keys, OWN)},
        }
        changes = all_changes.get(what, {})
        plan = with_member(story.plan, who, **changes) if changes else but(story.plan, heads={F.RISK: "business"})
        amended(story, plan)
    gate = story.state.gates.get(first.id)
    if gate is None:
        return
    for who in ("business", "risk-a", "risk-b", "both", "comp-a"):
        if who == "business" or OWN in story.plan.roster[who].keys:
            assert said(story.vote(who, gate=gate, **by_key(story, OWN))) is not Code.APPROVED
