"""Who really said it: a signature counts for exactly its words, in this life, by a key that counts; or not at all."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, derive_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.pure.beginnings import asking, opened
from tests.pure.keys import TO_SIGN, public, sign, signed
from tests.pure.world import START, F, Story, but, said, standard_plan, with_member
from tidegate import keys, passkey, seal, signature, statement, verbs
from tidegate.decide import decide
from tidegate.models.base import GateKind
from tidegate.models.decision import Outcome
from tidegate.models.event import Amend, Choice, Message, Override, Reduction, Report, Resume, Vote
from tidegate.models.person import Passkey, PublicKey
from tidegate.models.plan import Plan
from tidegate.models.proof import Signature
from tidegate.models.reasons import Code
from tidegate.models.state import Phase

DAY = timedelta(days=1)
SIGNED = asking(signed=True)


def ballot(story: Story, **changes: Any) -> Vote:
    """Return a signed yes of risk-a's; what is changed is changed after it was signed."""
    vote = signed(story.ballot("risk-a", verified=True, reason="it was tried"), story.state)
    assert isinstance(vote, Vote)
    return vote.model_copy(update=changes)


def why(story: Story, vote: Message) -> tuple[Code, str]:
    """Return the code that a message is answered with, and what is wrong with its signature."""
    decision = story.say(vote)  # type: ignore[arg-type]  # every message is an event
    entry = next(entry for entry in decision.entries if entry.cause == vote.id)
    return entry.reason.code, entry.reason.facts.get("why", "")


OTHERS: dict[str, dict[str, Any]] = {
    "another gate": {"gate": "checkpoint-9"},
    "another subject": {"subject": "0" * 64},
    "another choice": {"choice": Choice.APPROVE_WITH_CONDITIONS},
    "another function": {"function": F.OPERATIONS},
    "another principal": {"on_behalf_of": "risk-b"},
    "another reason": {"reason": "it was not tried"},
    "another id": {"id": "m999"},
    "other answers": {"answers": {"What could go wrong?": "Nothing."}},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_a_signature_counts_for_its_own_words_only(changes: dict[str, Any]) -> None:
    """Whatever is altered after it was signed, the vote is refused and on record; unaltered it counts."""
    story = opened(SIGNED)
    code, words = why(story, ballot(story, **changes))
    assert (code, words) == (Code.BAD_SIGNATURE, "it was made over other words, or by another key")
    assert story.entries[-1].outcome is Outcome.REFUSED
    assert not story.gate.ballots
    assert why(story, ballot(story)) == (Code.APPROVED, "")
    assert (story.gate.ballots[0].verified, story.gate.ballots[0].key) == (
        True,
        keys.fingerprint(keys.blob(public("risk-a"))),
    )


def test_a_signature_of_another_life_counts_for_nothing() -> None:
    """The same plan, begun again, does not hear what was signed for its life before."""
    one, other = opened(SIGNED), Story(SIGNED, now=START + DAY)
    other.start()
    other.ready()
    words: dict[str, Any] = {"gate": other.gate, "signature": TO_SIGN, "not_after": other.now + DAY}
    stale, fresh = (signed(other.ballot("risk-a", **words), story.state) for story in (one, other))
    assert (one.state.use_case, one.state.nonce) != (other.state.use_case, other.state.nonce)
    assert why(other, stale)[0] is Code.BAD_SIGNATURE  # type: ignore[arg-type]  # it is a vote
    assert why(other, fresh)[0] is Code.APPROVED  # type: ignore[arg-type]  # it is a vote


def test_a_signature_of_another_person_counts_for_nothing() -> None:
    """Somebody else's key signs for nobody but them, whatever name stands on the message."""
    story = opened(SIGNED)
    vote = story.ballot("risk-a", verified=True)
    forged = sign("owner", statement.document(story.state.use_case, story.state.nonce, vote))
    code, words = why(story, vote.model_copy(update={"signature": Signature(method="ssh", proof=forged)}))
    assert code is Code.BAD_SIGNATURE
    assert words.endswith("is no key of theirs")


def test_a_signature_for_another_purpose_counts_for_nothing() -> None:
    """What somebody signed as a commit or a file is not consent."""
    story = opened(SIGNED)
    vote = story.ballot("risk-a", verified=True)
    for namespace, code in (("git", Code.BAD_SIGNATURE), ("tidegate-decision", Code.APPROVED)):
        proof = sign("risk-a", statement.document(story.state.use_case, story.state.nonce, vote), namespace)
        assert why(story, vote.model_copy(update={"signature": Signature(method="ssh", proof=proof)}))[0] is code


@pytest.mark.parametrize("proof", ["", "nothing", "-----BEGIN SSH SIGNATURE-----", "{}", "[1]", "null"])
@pytest.mark.parametrize("method", ["ssh", "passkey"])
def test_a_proof_that_is_none_is_refused(method: Any, proof: str) -> None:
    """Whatever stands in the place of a signature is judged and never breaks anything."""
    story = opened(SIGNED)
    broken = Signature.model_construct(method=method, proof=proof, salt=None, alike={})
    assert why(story, ballot(story, signature=broken))[0] is Code.BAD_SIGNATURE
    assert why(story, ballot(story))[0] is Code.APPROVED


def test_a_broken_armour_is_refused_at_every_letter() -> None:
    """No letter of a signature can be another, or missing: each is either refused or the same signature."""
    story = opened(SIGNED)
    vote = ballot(story)
    assert vote.signature is not None
    proof = vote.signature.proof
    for place in range(0, len(proof), 7):
        for other in (proof[:place] + proof[place + 1 :], proof[:place] + "A" + proof[place + 1 :]):
            if other.split() == proof.split():
                continue
            changed = vote.model_copy(update={"signature": Signature(method="ssh", proof=other)})
            same = other.replace("\n", "") == proof.replace("\n", "")
            _, forged = signature.recognised(story.plan, story.state, changed, story.now)
            assert (forged is None) == same, place


KEYS = {
    "not yet": ({"since": (standard_plan(), 2)}, False),
    "since today": ({"since": (standard_plan(), 0)}, True),
    "ran out": ({"until": (standard_plan(), -1)}, False),
    "until today": ({"until": (standard_plan(), 0)}, True),
    "revoked": ({"revoked": True}, False),
}


@pytest.mark.parametrize(("words", "good"), KEYS.values(), ids=KEYS)
def test_a_key_has_its_days(words: dict[str, Any], good: bool) -> None:
    """A key counts from its first day to its last, and not once it is revoked."""
    first = opened(SIGNED)
    dated = {
        name: (first.now + value[1] * DAY).date() if isinstance(value, tuple) else value
        for name, value in words.items()
    }
    key = PublicKey(key=public("risk-a"), **dated)
    story = opened(with_member(SIGNED, "risk-a", keys=(key,)))
    assert (why(story, ballot(story))[0] is Code.APPROVED) == good


@pytest.mark.parametrize(("keys", "counts"), [("revoked", False), ("removed", False), ("run out", True)])
def test_a_key_that_fell_into_other_hands_takes_its_votes_with_it(keys: str, counts: bool) -> None:
    """What was signed with a key that was revoked or removed counts no more before it is used; run out, it does."""
    story = opened(SIGNED)
    story.say(ballot(story))
    changed = {
        "revoked": (PublicKey(key=public("risk-a"), revoked=True),),
        "removed": (),
        "run out": (PublicKey(key=public("risk-a"), until=(story.now - DAY).date()),),
    }[keys]
    story.message(Amend, "business", verified=True, plan=with_member(story.plan, "risk-a", keys=changed))
    story.vote("ops-a", verified=True)
    assert (story.gate.satisfied_at is not None) == counts


def test_a_signed_word_is_not_good_for_ever() -> None:
    """A signed message says until when it is good, and at most as long as its answer is remembered."""
    story = opened(SIGNED)
    for until, code in (
        (None, Code.BAD_SIGNATURE),
        (story.now + signature.LONGEST + timedelta(seconds=1), Code.BAD_SIGNATURE),
        (story.now + signature.LONGEST, Code.APPROVED),
    ):
        vote = story.ballot("risk-a", signature=TO_SIGN, not_after=until)
        assert said(story.say(vote)) is code


def test_a_signed_vote_said_again_gets_its_answer_again() -> None:
    """The same words, signed anew or sent again, are decided once."""
    story = opened(SIGNED)
    vote = ballot(story)
    first = story.say(vote)
    again = story.say(vote.model_copy(update={"not_after": story.now + 3 * DAY, "signature": None}))
    assert (again.receipt, again.entries) == (first.receipt, ())


@pytest.mark.parametrize("verb", Reduction)
def test_a_wrong_signature_keeps_nobody_from_making_it_safer(verb: Reduction) -> None:
    """A reduction with a signature that proves nothing is obeyed, and what was wrong with it is on record."""
    story = Story(SIGNED).live()
    before = story.people
    decision = story.reduce(
        verb, "risk-a", signature=Signature(method="ssh", proof="nothing"), not_after=story.now + DAY
    )
    codes = [entry.reason.code for entry in decision.entries]
    assert codes[0] is Code.BAD_SIGNATURE
    assert not story.state.exposure.control.open
    assert story.people <= before


@pytest.mark.parametrize("choice", [Choice.VETO, Choice.REVOKE])
def test_a_wrong_signature_keeps_nobody_from_saying_no(choice: Choice) -> None:
    """Who says no is heard with a signature that proves nothing; who says yes is not."""
    story = opened(SIGNED)
    story.say(ballot(story))
    wrong: dict[str, Any] = {"signature": Signature(method="ssh", proof="nothing"), "not_after": story.now + DAY}
    assert story.say(story.ballot("risk-a", choice, **wrong)).entries[-1].outcome is Outcome.DONE
    assert said(story.say(story.ballot("ops-a", **wrong))) is Code.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("more", "code"), [({"what": "it leaks"}, Code.ISSUE_OPENED), ({"settles": "issue-9"}, Code.BAD_SIGNATURE)]
)
def test_a_wrong_signature_keeps_nobody_from_saying_what_is_wrong(more: dict[str, str], code: Code) -> None:
    """Who reports a problem is heard with a signature that proves nothing; who says that one is settled is not."""
    story = opened(SIGNED)
    wrong: dict[str, Any] = {"signature": Signature(method="ssh", proof="nothing"), "not_after": story.now + DAY}
    assert said(story.message(Report, "risk-a", evidence="seen", **more, **wrong)) is code


def test_a_claim_to_be_verified_counts_for_nothing() -> None:
    """Whatever a message says of its own sender, only its signature proves it."""
    story = opened(SIGNED)
    vote = story.ballot("risk-a")
    claims = vote.actor.model_copy(update={"verified": True, "method": "ssh", "key": "SHA256:x"})
    assert said(story.say(vote.model_copy(update={"actor": claims}))) is Code.SIGNATURE_REQUIRED
    assert not story.entries[-1].verified


@pytest.mark.parametrize(("verified", "code"), [(False, Code.SIGNATURE_REQUIRED), (True, Code.RESUME_PROPOSED)])
def test_what_opens_is_signed_where_consent_is(verified: bool, code: Code) -> None:
    """Where only signed decisions count, a proposal to go on is signed too."""
    story = Story(SIGNED).live()
    story.reduce(Reduction.PAUSE)
    assert said(story.message(Resume, "business", cause="understood", verified=verified)) is code


# -- what is signed ---------------------------------------------------------------------------------------------------


def sent(plan: Plan, nonce: str, verb: str, words: dict[str, Any], secret: str) -> Message:
    """Return a message as a door seals it, after its sender has signed the words alone."""
    words = {**words, "signature": {"method": "ssh", "proof": "none yet", "salt": "ab" * 16}}
    words["signature"]["proof"] = sign(words["as"], statement.statement(plan, nonce, verb, words))
    event, texts = seal.sealed(verbs.heard(verb, json.dumps(words).encode(), ""), secret, seal.questions(plan))
    assert isinstance(event, Message)
    assert event.signature is not None
    assert event.signature.salt is None
    assert all(text.text for text in texts.values())
    return event


def test_what_the_sender_signs_is_what_is_put_on_record() -> None:
    """A signature over words is verified from their digests alone, so it still is when the words are erased."""
    story = opened(SIGNED)
    words = {
        "as": "risk-a", "id": "m77", "not_after": (story.now + DAY).isoformat(), "gate": story.gate.id,
        "subject": story.gate.subject, "reason": "my own words", "answers": {"Anything else?": "no"},
    }  # fmt: skip
    event = sent(story.plan, story.state.nonce, "approve", words, "a secret of this rollout")
    assert "my own words" not in event.model_dump_json()
    decision = decide(story.plan, story.state, event, story.now)  # type: ignore[arg-type]  # it is a vote
    assert decision.entries[0].verified


@pytest.mark.parametrize(
    ("verb", "more"),
    [
        ("sample", {"runs": 2, "misses": 1, "evidence": "my own", "found": [{"cause": "weak_data", "what": "my own"}]}),
        ("question", {"answers": "question-1", "answer": "my own"}),
    ],
)
def test_what_people_found_and_answered_is_signed_as_it_is_put_on_record(verb: str, more: dict[str, Any]) -> None:
    """A signature over findings, or over an answer, is verified from what stands for the words."""
    story = Story(SIGNED).live()
    words = {"as": "risk-a", "id": "m78", "not_after": (story.now + DAY).isoformat(), **more}
    event = sent(story.plan, story.state.nonce, verb, words, "a secret of this rollout")
    assert "my own" not in event.model_dump_json()
    assert decide(story.plan, story.state, event, story.now).entries[0].verified  # type: ignore[arg-type]  # all are events


def test_two_who_name_one_incident_sign_the_same_override() -> None:
    """Words that the rules compare are alike for everybody, and each signature still covers its own."""
    plan = but(standard_plan(), stages=SIGNED.stages)
    story = Story(plan).live()
    for who in ("exec", "ops-a"):
        words = {
            "as": who, "id": f"m-{who}", "not_after": (story.now + DAY).isoformat(), "to": "pilot/w2",
            "incident": "INC-4711",
        }  # fmt: skip
        story.say(sent(plan, story.state.nonce, "override", words, "one secret"))  # type: ignore[arg-type]  # an override
    assert [entry.verified for entry in story.entries if entry.action == "vote approve"][-2:] == [True, True]
    assert story.phase is Phase.WIDENING or story.people == plan.exposure(2).people


def test_an_incident_cannot_be_swapped_under_a_signature() -> None:
    """What a signature says of the incident is made at the door, whatever the sender puts there."""
    story = Story().live()
    words = {
        "as": "exec", "id": "m1", "not_after": (story.now + DAY).isoformat(), "to": "pilot/w2", "incident": "INC-1",
    }  # fmt: skip
    event = sent(story.plan, story.state.nonce, "override", words, "s")
    assert isinstance(event, Override)
    assert signature.recognised(story.plan, story.state, event, story.now)[1] is None
    other, _ = seal.sealed(
        Override(
            **{
                **dict(event),
                "incident": "INC-2",
                "signature": Signature(**{**dict(event.signature or {}), "salt": "ab" * 16}),
            }
        ),
        "s",
    )
    assert signature.recognised(story.plan, story.state, other, story.now)[1] is not None  # type: ignore[arg-type]  # an override


def test_a_revision_is_signed_by_its_digest() -> None:
    """A signature under one revision is none under another."""
    story = Story(SIGNED).live()
    one = but(story.plan, title="One")
    amend = signed(Amend(**story.envelope("business", verified=True, plan=one)), story.state)
    assert isinstance(amend, Amend)
    assert said(story.say(amend.model_copy(update={"plan": but(story.plan, title="Two")}))) is Code.BAD_SIGNATURE
    assert said(story.say(amend)) is Code.AMENDMENT


# -- passkeys ---------------------------------------------------------------------------------------------------------

SITE, ORIGIN = "desk.example", "https://desk.example"
DEVICE = derive_private_key(4711, SECP256R1())
PASSKEY = Passkey(
    id="cred-0123456789abcdef",
    key=base64.urlsafe_b64encode(
        DEVICE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode().rstrip("="),
    site=SITE,
)  # fmt: skip


def b64(data: bytes) -> str:
    """Return base64url as browsers write it."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def assertion(challenge: bytes, **other: Any) -> str:
    """Return what a browser says when somebody signs a challenge; anything about it can be other."""
    client = json.dumps(
        {
            "type": other.get("type", "webauthn.get"),
            "challenge": b64(challenge),
            "origin": other.get("origin", ORIGIN),
            "crossOrigin": other.get("cross", False),
        }
    ).encode()
    data = hashlib.sha256(other.get("site", SITE).encode()).digest() + bytes([other.get("flags", 5)]) + bytes(4)
    made = DEVICE.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
    return json.dumps(
        {"id": other.get("id", PASSKEY.id), "client": b64(client), "authenticator": b64(data), "signature": b64(made)}
    )


WRONG: dict[str, dict[str, Any]] = {
    "another site's page": {"origin": "https://desk.example.evil.test"},
    "a page in the clear": {"origin": "http://desk.example"},
    "a frame in another page": {"cross": True},
    "a key of another site": {"site": "evil.test"},
    "an enrolment": {"type": "webauthn.create"},
    "nobody was there": {"flags": 4},
    "nobody was known": {"flags": 1},
    "another passkey": {"id": "cred-ffffffffffffffff"},
}


@pytest.mark.parametrize("other", WRONG.values(), ids=WRONG)
def test_a_passkey_signs_at_its_own_site_by_its_own_owner(other: dict[str, Any]) -> None:
    """An assertion from elsewhere, of another kind or without its owner is refused; the honest one counts."""
    story = opened(with_member(SIGNED, "risk-a", passkeys=(PASSKEY,)))
    vote = story.ballot("risk-a", not_after=story.now + DAY)
    challenge = passkey.challenge(statement.document(story.state.use_case, story.state.nonce, vote))
    forged = Signature(method="passkey", proof=assertion(challenge, **other))
    assert why(story, vote.model_copy(update={"signature": forged}))[0] is Code.BAD_SIGNATURE
    honest = Signature(method="passkey", proof=assertion(challenge))
    assert why(story, vote.model_copy(update={"signature": honest}))[0] is Code.APPROVED
    assert story.gate.ballots[0].key == keys.passkey_fingerprint(PASSKEY)


def test_a_desk_that_alters_what_it_passes_on_forges_nothing() -> None:
    """A passkey signs one statement: passed on with another choice, it is no signature."""
    story = opened(with_member(SIGNED, "risk-a", passkeys=(PASSKEY,)))
    no = story.ballot("risk-a", Choice.REQUEST_CHANGES, not_after=story.now + DAY)
    challenge = passkey.challenge(statement.document(story.state.use_case, story.state.nonce, no))
    proof = Signature(method="passkey", proof=assertion(challenge))
    yes = no.model_copy(update={"choice": Choice.APPROVE, "signature": proof})
    assert why(story, yes)[0] is Code.BAD_SIGNATURE
    assert why(story, no.model_copy(update={"signature": proof}))[0] is Code.CHANGES_REQUESTED


def test_signatures_are_kept_where_gates_ask_for_none() -> None:
    """Where no standard asks for a signature, one is still verified, and a wrong one still refused."""
    story = opened()
    assert story.gate.kind is GateKind.FIRST_EXPOSURE
    assert why(story, ballot(story, reason="other"))[0] is Code.BAD_SIGNATURE
    story.say(ballot(story))
    assert story.gate.ballots[0].verified
