"""What a quick life is told with: a page of people, a standard, and one playbook from pilot to system of record.

The standard counts in seconds what the built-in one counts in weeks; dates are counted from today.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from activities.drivers.flagd import Flagd
from tests.pure.keys import private, public

PEOPLE: dict[str, dict[str, Any]] = {
    "governance-lead": {"name": "Lead of governance", "deputy": "coo", "manager": True},
    "coo": {"name": "Chief operating officer", "functions": ["accountable_exec"], "manager": True},
    "claims-director": {"name": "Director of claims", "functions": ["accountable_exec"], "manager": True},
    "claims-ai-lead": {"name": "Lead of claims automation", "functions": ["ai_owner"], "manager": True},
    "claims-head": {"name": "Head of the claims floor", "functions": ["business_owner"], "manager": True},
    "risk-officer": {"name": "Risk officer", "functions": ["risk"], "manager": True},
    "risk-deputy": {"name": "Deputy risk officer", "functions": ["risk"]},
    "compliance-lead": {"name": "Head of compliance", "functions": ["compliance"]},
    "compliance-deputy": {"name": "Deputy head of compliance", "functions": ["compliance"]},
    "security-lead": {"name": "Head of security", "functions": ["security"]},
    "legal-counsel": {"name": "Legal counsel", "functions": ["legal"]},
    "data-steward": {"name": "Data steward", "functions": ["data_steward"]},
    "data-deputy": {"name": "Deputy data steward", "functions": ["data_steward"]},
    "ops-manager": {"name": "Operations manager", "functions": ["operations"], "manager": True},
    "ops-deputy": {"name": "Deputy operations manager", "functions": ["operations"]},
    "platform-lead": {"name": "Platform lead", "functions": ["platform"]},
    "platform-deputy": {"name": "Deputy platform lead", "functions": ["platform"]},
    "cto-office": {"name": "Chief technology officer", "functions": ["cto"]},
}
OWNER, RECEIVER = "claims-ai-lead", "ops-manager"
FIGURES = {"first_reply_hours": "20", "agreed_per_100": "96", "cost_per_claim": "0.4"}
"""Good ones, for the metrics that people read."""
VERDICTS = "verdicts.csv"
"""What was found in real runs: that they were right."""
_ERRORS = "0.4"
"""Of the metrics that are read from a file, each."""
_HEADS = {
    "risk": "risk-officer",
    "operations": "ops-manager",
    "data_steward": "data-steward",
    "platform": "platform-lead",
}
_WEEK = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALWAYS = {"zone": "UTC", "workdays": _WEEK, "opens": "00:00", "closes": "23:59"}
_COHORTS = {"claims/motor": 40, "claims/home": 60, "claims/liability": 80}

_PLAYBOOK = """
use_case: {name}
extends: {standard}
factors: {{data: personal, decision: assisted, users: "<500", external: customers}}
ai_owner: claims-ai-lead
business_owner: claims-head
accountable_exec: claims-director
objective: A customer hears within a day what happens with a claim.
demand: 4,200 claims a month; sorting one takes 11 minutes and the first reply goes out after 52 hours.
learn: Does triage hold up on claims that do not fit one class?
tradeoffs: Caution before speed.
success_means: Handlers agree with the class in nine of ten claims.
success_does_not_mean: That claims may be decided without a handler.
models: [triage-medium]
data:
  claims-store: {{kind: personal, use: [retrieval], retention: 30d, recertify: 90d, meaning_owner: claims-head,
    source_of_truth: The claims system}}
may:
  claims-store: [read, classify, summarise]
target: flags/{name}
metrics:
  first_reply_hours: {{kind: outcome, about: turnaround, level: goal, source: by-hand, goal: "<= 24", by: {goal},
    baseline: {{value: 52, n: 4180, window: 30d, taken: {taken}}}, healthy: "<= 52", hold: "> 60",
    first_response: Look for a queue that is stuck.}}
  agreed_per_100: {{kind: governance, level: contribution, supports: first_reply_hours, source: by-hand,
    dimension: adoption_quality, min_samples: 40, healthy: ">= 90", hold: "< 85", reviewer: risk-deputy,
    first_response: Read the corrections.}}
  error_rate: {{kind: technical, level: telemetry, supports: agreed_per_100, source: figures, query: error_rate,
    every: 1d, max_age: 3d, healthy: "<= 2", hold: "> 4", rollback: "> 10", reviewer: platform-lead,
    first_response: See whether the model answers.}}
  blocks_per_1000: {{kind: governance, level: telemetry, supports: agreed_per_100, source: figures,
    query: blocks_per_1000, every: 1d, dimension: policy_friction, max_age: 3d, blind_limit: 7d, hold: "> 20",
    first_response: See which rule blocks.}}
  calls_per_100: {{kind: governance, level: operational, supports: first_reply_hours, source: figures,
    query: calls_per_100, every: 1d, dimension: support_burden, max_age: 3d, blind_limit: 7d, hold: "> 20",
    first_response: Answer what is asked most.}}
  cost_per_claim: {{kind: cost, level: contribution, supports: first_reply_hours, source: by-hand, baseline: 0.55,
    goal: "<= 0.40", by: {goal}, hold: "> 0.90", reviewer: claims-head, first_response: Compare prompts.}}
manual_fallback: {{how: docs/manual-triage.md, owner: ops-manager, per_day: 220, minutes_each: 11, max_days: 20}}
fallback:
  redirect: {{to: queue/general-desk, kind: queue}}
  pause:
    - {{do: driver, probe: the flag service reads back off}}
notices:
  - {{audience: Claims floor, to: [claims-head, ops-manager], channel: log, lead: {lead}, acknowledge: true,
     contact: claims-ai-lead, says: "What is sorted for you, and how to correct it."}}
sample: {{runs: 3, reviewer: risk-deputy}}
questions: {{to: claims-head, within: 1bd}}
stop_rules:
  - {{kind: missing_data, when: policy_number is missing, action: hand_off, to: queue/general-desk}}
  - {{kind: conflict, when: claim_history conflicts, action: escalate, to: claims-head}}
  - {{kind: sensitive, when: amount > 5000, action: escalate, to: claims-head}}
  - {{kind: low_confidence, when: confidence < 0.8, action: hand_off, to: queue/general-desk}}
  - {{kind: outside_scope, when: 'category not in motor, home, liability', action: hand_off, to: queue/general-desk}}
  - {{kind: tool_failure, when: claims_store failed, action: pause, to: ops-manager}}
slos: [{{name: answers, promise: error_rate <= 2, window: 30d}}]
training: {{users: course/triage, managers: course/triage-leads, support: course/triage-desk}}
logging: "Every run: trigger, sources read, class, draft, who changed what."
known_limits: [Handwritten letters are not read]
handoff:
  {{receiver: ops-manager, issues: ops-deputy, changes: platform-lead, escalations: claims-head,
   artefacts: [docs/runbook.md, docs/manual-triage.md, docs/evaluation.md],
   support_model: "Shift lead first, then the operations desk from 7 to 19, then the platform on-call"}}
sop:
  trigger: A claim arrives by post, mail or portal.
  inputs: The claim, the policy and its history.
  validation: Policy number and date of loss are there and fit each other.
  exceptions: A claim that fits no class goes to the general desk the same day.
  escalation: Where records conflict, the head of the claims floor decides.
  logging: Class, draft, correction and sender are kept with the claim.
  approvals: A handler releases each letter to a customer.
  kpi_review: Weekly by operations, monthly by the director of claims.
  steps:
    - {{who: Assistant, does: reads the claim and proposes a class, by: assistant}}
    - {{who: Handler, does: confirms or corrects it, by: person}}
retirement: {{when: [agreed_per_100 < 70], replaces: {{process: Front desk sorting, after: {later}}}}}
pilot:
  expires: {expires}
  supervision: The handler confirms each class.
  manual: [Every letter to a customer]
  advance_when: [agreed_per_100 >= 88]
  runs_per_day: 30
  budget_per_month: 800
  waves:
    - {{name: motor, cohort: claims/motor, share: 25%, observe: {observe}, min_samples: 150}}
limited:
  advance_when: [agreed_per_100 >= 90, error_rate <= 2, cost_per_claim <= 0.6]
  manual: [Every letter to a customer]
  stabilise: Hold, send half of the claims to the general desk, and go on after three days inside the bands.
  support: Shift lead on each floor, operations desk from 7 to 19
  live_issues: ops-deputy
  runs_per_day: 200
  budget_per_month: 2000
  waves:
    - {{name: home-half, cohort: claims/home, share: 50%, observe: {observe}, min_samples: 600}}
    - {{name: home, cohort: claims/home, observe: {observe}, min_samples: 1000}}
system_of_record:
  advance_when: [agreed_per_100 >= 92, error_rate <= 1, cost_per_claim <= 0.5]
  never_widen: [data, verbs, models]
  evidence: [Weekly sample of 40 runs with verdicts, Every correction with its reason]
  on_the_hook: [ops-manager, claims-head, platform-lead]
  support: Operations desk from 7 to 19, platform on-call at night
  live_issues: ops-deputy
  runs_per_day: 200
  budget_per_month: 2000
  waves:
    - {{name: liability, cohort: claims/liability, observe: {observe}, min_samples: 2000}}
"""


class Pace(NamedTuple):
    """How fast time goes in a life."""

    standard: str
    rules: dict[str, Any]
    calendar: dict[str, Any]
    observe: str
    lead: str
    measured: timedelta
    """How often a figure is written down: every wave goes on by figures of its own."""


def short(seconds: int) -> Pace:
    """Everything is waited for in so many seconds."""
    wait, review = f"{seconds}s", f"{max(60, 10 * seconds)}s"
    gates = {
        "first_exposure": _asks("risk", "operations"),
        "checkpoint": {**_asks("risk"), "questions": {"risk": ["What could go wrong?"]}},
        "stage": _asks("risk", "operations"),
        "resume": _asks("operations"),
        "amendment": _asks("risk", "operations"),
        "override": _asks("accountable_exec", "operations"),
        "handoff": _asks("operations", "platform"),
        "operating": _asks("operations"),
        "retirement": _asks("accountable_exec", "platform"),
    }
    before = {name: gate for name, gate in gates.items() if name not in ("handoff", "operating")}
    signed, both = ({name: {**gate, "signed": True} for name, gate in some.items()} for some in (before, gates))
    quick = {"min_observation": wait, "review_every": review, "read_every": "7d", "notice_lead": wait}
    shown = ("data_steward", "rollback_tested", "training")
    rules = {
        "pilot": {**quick, "gates": before, "readiness": shown[:1], "max_duration": "200d"},
        "limited": {**quick, "gates": signed, "readiness": shown[:2]},
        "system_of_record": {**quick, "gates": both, "readiness": shown, "handoff_pack": True},
    }
    return Pace("house/short@1", _standard(rules), ALWAYS, wait, wait, timedelta(seconds=1))


PAPERS = ("docs/runbook.md", "docs/manual-triage.md", "docs/evaluation.md")
"""What the playbook hands over."""


def laid_out(folder: Path, home: Path, name: str, pace: Pace) -> str:
    """Write the programme and the playbook of a life into a folder, and return the playbook's file."""
    _measured(home / f"{name}.csv", pace.measured)
    programme = {
        "programme": "whole-life",
        "governance_owner": "governance-lead",
        "people": {person: {**said, "keys": [{"key": public(person)}]} for person, said in PEOPLE.items()},
        "heads": _HEADS,
        "calendar": pace.calendar,
        "cohorts": {cohort: {"people": people, "describes": cohort} for cohort, people in _COHORTS.items()}
        | {"test/accounts": {"people": 2, "kind": "test"}},
        "targets": {f"flags/{name}": {"driver": "flagd", "settings": flag(name)}},
        "sources": {"figures": {"kind": "file", "settings": {"file": f"{name}.csv"}}},
        "standards": {pace.standard: pace.rules},
    }
    for person in PEOPLE:
        held(key_of(folder, person), person)
    # What is JSON is YAML, too.
    (folder / "programme.yaml").write_text(json.dumps(programme, indent=1), "utf-8")
    today = datetime.now(UTC).date()
    days = {"taken": -20, "goal": 300, "expires": 120, "later": 400}
    dates = {word: today + timedelta(days=count) for word, count in days.items()}
    file = folder / f"{name}.yaml"
    words = {"name": name, "standard": pace.standard, "observe": pace.observe, "lead": pace.lead}
    file.write_text(_PLAYBOOK.format(**words, **dates), "utf-8")
    for paper in PAPERS:
        # They lie where people type, which is one above.
        there = folder.parent / paper
        there.parent.mkdir(exist_ok=True)
        there.write_text(f"# {paper}\n", "utf-8")
    (folder / VERDICTS).write_text("run,verdict\n" + "".join(f"run-{each},right\n" for each in range(3)), "utf-8")
    return str(file)


def said(playbook: str) -> dict[str, str]:
    """Return what people say of a life where `status` leaves a word in capitals: figures, and what they looked at."""
    return {**FIGURES, "VERDICTS": str(Path(playbook).with_name(VERDICTS))}


def key_of(folder: Path, person: str) -> Path:
    """Return where a person's private key lies."""
    return folder / "keys" / person


def held(file: Path, person: str) -> None:
    """Write down the key that a person signs with, for their eyes alone."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(private(person).private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    file.chmod(0o600)
    file.with_name(f"{person}.pub").write_text(f"{public(person)}\n", "utf-8")


def flag(name: str) -> dict[str, str]:
    """Return where the flag of a life is."""
    return {"file": f"flags/{name}.json", "flag": name}


def people(home: Path, name: str) -> int:
    """How many people the flag file of a life really serves."""
    return Flagd(flag(name), home).observe().exposure.people


def _measured(file: Path, every: timedelta) -> None:
    """Write down what the source of figures says for half an hour."""
    begun = datetime.now(UTC) - every
    times = (begun + every * index for index in range(1_800))
    rows = "".join(
        f"{name},{_ERRORS},2500,{at.isoformat()}\n"
        for at in times
        for name in ("error_rate", "blocks_per_1000", "calls_per_100")
    )
    file.write_text(f"metric,value,n,taken_at\n{rows}", "utf-8")


def _asks(*functions: str) -> dict[str, Any]:
    return {"functions": dict.fromkeys(functions, 1), "window": "1d", "vote_expiry": "1d"}


def _standard(stages: dict[str, Any]) -> dict[str, Any]:
    tiers = {stage: dict.fromkeys("123", rules) for stage, rules in stages.items()}
    return {"describes": "A whole life in seconds.", "stages": tiers}
