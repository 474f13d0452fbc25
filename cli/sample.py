"""The sample: a small organisation and one rollout whose waits are seconds, so that all of it can be seen in minutes.

Its files are written under the home, dated from today, and are the newcomer's to change.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cli import home

USE_CASE = "first-steps"

_PROGRAMME = """\
# A sample organisation. Its standard counts in seconds what a real one counts in days: that is all that is unreal here.
programme: sample
governance_owner: governance-lead
people:
  governance-lead: {name: Lead of AI governance, deputy: executive, manager: true}
  executive: {name: Accountable executive, functions: [accountable_exec], deputy: governance-lead, manager: true}
  product-lead: {name: Lead of the product, functions: [ai_owner], deputy: office-head, manager: true}
  office-head: {name: Head of the office, functions: [business_owner], deputy: product-lead, manager: true}
  risk-officer: {name: Risk officer, functions: [risk], deputy: risk-deputy, manager: true}
  risk-deputy: {name: Deputy risk officer, functions: [risk], deputy: risk-officer}
  ops-lead: {name: Operations lead, functions: [operations], deputy: ops-deputy, manager: true}
  ops-deputy: {name: Deputy operations lead, functions: [operations], deputy: ops-lead}
  platform-lead: {name: Platform lead, functions: [platform], deputy: ops-lead, manager: true}
  data-steward: {name: Data steward, functions: [data_steward], deputy: risk-officer}
heads: {risk: risk-officer, operations: ops-lead, accountable_exec: executive}
calendar: {zone: UTC}
cohorts:
  team/office: {people: 12, describes: The office itself}
  team/finance: {people: 30, describes: The finance department}
targets:
  flags/first_steps: {driver: flagd, settings: {file: flags/sample.flagd.json, flag: first_steps}}
standards:
  standard/sample@1:
    describes: The pilot of the built-in standard, with waits that a newcomer can sit out.
    stages:
      pilot:
        "1":
          gates:
            first_exposure: {functions: {risk: 1, operations: 1}}
            checkpoint: {functions: {operations: 1}}
            resume: {functions: {risk: 1, operations: 1}}
            amendment: {functions: {risk: 1, operations: 1}}
            override: {functions: {accountable_exec: 1, operations: 1}}
            retirement: {functions: {accountable_exec: 1, platform: 1}}
          readiness: [business_case, owner, risk_tier, baseline]
          min_observation: 30s
          notice_lead: 1s
"""

_PLAYBOOK = """\
# A rollout to play with: approve it, make it safer, let a figure stop it.
use_case: first-steps
title: First steps
extends: standard/sample@1
factors: {{data: internal, decision: advisory, users: "<50", external: none}}
ai_owner: product-lead
business_owner: office-head
demand: 300 minutes of meetings a month, written by hand in 25 minutes each
learn: Do drafts save time without losing decisions?
models: [small-text]
data: {{minutes-store: internal}}
may: {{minutes-store: [read], editor: [draft]}}   # all else denied
target: flags/first_steps
metrics:
  minutes_per_document: {{kind: outcome, baseline: 25, goal: "<= 12", by: {goal}, source: by-hand}}
  corrections_per_100:
    {{kind: outcome, dimension: adoption_quality, healthy: "<= 8", narrow: "> 15", rollback: "> 40", source: by-hand}}
success_means: Drafts halve the effort.
success_does_not_mean: Safe for minutes of clients.
manual_fallback: {{how: docs/manual-minutes.md, owner: office-head, per_day: 20}}
pilot:
  expires: {expires}
  supervision: The author checks every draft.
  advance_when: [corrections_per_100 <= 8, minutes_per_document <= 15]
  waves:
    - {{name: office, cohort: team/office, max_users: 12, observe: 30s}}
    - {{name: finance, cohort: team/finance, max_users: 25, observe: 30s}}
"""


def files(today: date) -> tuple[Path, Path]:
    """Return the programme and the playbook of the sample, written if they are not there."""
    folder = home.home() / "sample"
    programme, playbook = folder / home.PROGRAMME, folder / f"{USE_CASE}.yaml"
    if not programme.exists():
        home.write(programme, _PROGRAMME)
    if not playbook.exists():
        dates = {"goal": today + timedelta(days=90), "expires": today + timedelta(days=120)}
        home.write(playbook, _PLAYBOOK.format(**dates))
    return programme, playbook


def start_sample() -> None:
    """Set the sample going, or say how it stands if it is there."""
    from cli import render
    from cli.answers import Refusal
    from cli.compiled import compiled
    from cli.starting import set_going
    from cli.telling import Manner

    _, playbook = files(datetime.now(UTC).date())
    try:
        set_going(compiled(playbook, None, None, as_json=False), "product-lead", Manner())
        render.say("You may be everybody in it: say who with --as PERSON. docs/tutorial.md goes on from here.")
    except Refusal as refusal:
        render.say(f"the sample is there already: {render.clean(refusal.message)}")
        render.say(f"Next: `tidegate status {USE_CASE}` shows how it stands.")
