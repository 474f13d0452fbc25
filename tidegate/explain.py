"""One plain sentence for every reason: the same one in the terminal, in the Temporal UI and in the evidence."""

from __future__ import annotations

import re
from types import MappingProxyType

from tidegate.models.base import Function, GateKind, Stage
from tidegate.models.decision import Reason
from tidegate.models.exposed import Control
from tidegate.models.programme import Right
from tidegate.models.reasons import Code
from tidegate.models.standard import ReadinessItem
from tidegate.models.state import Phase

SENTENCES = MappingProxyType(
    {
        # people's messages: who may speak
        Code.UNKNOWN_PERSON: "{who} is not an active person of the programme.",
        Code.INACTIVE_PERSON: "{who} no longer works here.",
        Code.NOT_A_PERSON: "{who} is a {kind}, and only people consent.",
        Code.VENDOR: "{who} belongs to a vendor; a vendor never approves.",
        Code.REQUESTER: "{who} asked for this or wrote part of it, and therefore cannot decide it.",
        Code.NO_SEAT: "{who} holds no seat in this round of votes; it asks {functions}.",
        Code.NO_RIGHT: "{who} does not hold the right to {right}.",
        Code.ONLY_FUNCTION: "{who} does not act in the function {function}.",
        Code.ONLY_RECEIVER: "Only the receiver, {receiver}, can say this, and not {who}.",
        Code.NOT_HEAD: "{who} does not lead the function {function}.",
        Code.NOT_YOURS: "{what} is owed by {owner}, and not by {who}.",
        Code.NO_DELEGATE: "{to} cannot act for anybody here.",
        Code.LATE_KEY: "{who} signed with a key that was not theirs when {gate} opened; it counts from the next on.",
        Code.TOO_LATE: "The message was good until {until} and came after that.",
        Code.ID_CONFLICT: "Another message already has the id {id}, with other words.",
        Code.BUSY: "Too many messages are waiting to be recorded; until then, only what makes it safer is heard.",
        Code.OVER: "The rollout is {phase}; there is nothing left to decide.",
        Code.TOO_MANY: "There are too many {what} already.",
        Code.EVIDENCE_NEEDED: "Say where it can be seen that {what} is so.",
        Code.FAULT: "A message called {name} could not be used: {note}",
        # votes
        Code.APPROVED: "Approved {label} ({gate}).",
        Code.APPROVED_WITH_CONDITIONS: "Approved {label} ({gate}) with conditions.",
        Code.ABSTAINED: "Abstained from {label} ({gate}).",
        Code.REJECTED: "Rejected {label} ({gate}).",
        Code.CHANGES_REQUESTED: "Asked for changes to {label} ({gate}).",
        Code.VETOED: "Vetoed {gate} for {function}; nothing widens until the veto is withdrawn.",
        Code.VETOED_LATE: "Vetoed {gate} for {function} after it had been used: held until the veto is withdrawn.",
        Code.VETO_WITHDRAWN: "The veto of {functions} is withdrawn.",
        Code.VETO_OVERRULED: "The veto of {functions} is overruled by the accountable executive, for the reason given.",
        Code.VETO_STANDS: "A veto of {function} stands.",
        Code.NO_VETO: "{who} has no veto about {gate}.",
        Code.NOT_YOUR_VETO: "{who} has no veto to withdraw here.",
        Code.REVOKED: "Took back their vote on {gate}.",
        Code.REVOKED_LATE: "Took back a yes to {gate} that had already been used: held.",
        Code.NOTHING_TO_REVOKE: "{who} has not voted here.",
        Code.WRONG_SUBJECT: "The vote speaks of {seen}, but {gate} is now about {now}; look at it again.",
        Code.UNKNOWN_GATE: "There is no round of votes called {gate}.",
        Code.GATE_OVER: "{gate} was {how} at {at}; it takes no more votes.",
        Code.GATE_EXPIRED: "{gate} expired at {at}.",
        Code.SIGNATURE_REQUIRED: "{gate} counts only signed decisions.",
        Code.BAD_SIGNATURE: "It is not signed by {who}: {why}.",
        Code.NO_KEY: "Only signed decisions count here, and {who} has no key that counts.",
        Code.ALREADY_VOTED: "{who} has already said {choice} for this seat; a change of mind begins with revoke.",
        Code.UNANSWERED: "An approval by {function} must answer: {question}",
        Code.PREMATURE: "{gate} cannot be approved while its conditions are {verdict}.",
        Code.NO_CONDITIONS: "An approval with conditions must name them.",
        # gates
        Code.GATE_OPENED: "{gate} is open until {until}: {label} needs {needs}.",
        Code.UNSATISFIABLE: "No {kind} gate can be opened, because nobody could satisfy it: {seats}.",
        Code.QUORUM: "{label} is agreed ({gate}).",
        Code.QUORUM_LOST: "{gate} no longer has its quorum: {lacking}.",
        Code.REOPENED: "{gate} is open again, because approvals lapsed or were taken back: {lacking}.",
        Code.GATE_REJECTED: "{gate} was rejected by {by} for {function}.",
        Code.GATE_SENT_BACK: "{by} ({function}) asked for changes before {gate} can be decided.",
        Code.EXPIRED: "{gate} ({label}) expired unanswered; it lacked {lacking}.",
        Code.SUPERSEDED: "{gate} is superseded by {by}.",
        Code.BRIEFING_TURNED: "What the reviewers of {gate} saw is no longer so.",
        Code.EVIDENCE_VOID: "The approvals of {gate} are void: their evidence of {as_of} no longer holds.",
        Code.REMINDED: "{gate} still waits for {who}, until {until}.",
        Code.ASKED_AGAIN: "Asked those who have not answered {gate} again.",
        Code.ESCALATED: "{gate} goes to {step}; it lacks {lacking}.",
        Code.REASSIGNED: "{to} may decide {gate} for {function}.",
        Code.NOT_NEEDED: "{gate} does not ask {function}.",
        Code.POSTPONED: "{gate} has time until {until}.",
        Code.POSTPONED_ONCE: "A review is postponed once, and here to {until} at the latest.",
        Code.LET_THROUGH: "{by} let {label} ({gate}) through the freeze {freeze}, which lasts until {until}: {why}",
        Code.LET_THROUGH_ALREADY: "{by} has already let {gate} through the freeze {freeze}.",
        Code.NO_FREEZE: "No freeze called {freeze} stands before {gate}.",
        Code.NO_PASSAGE: "Nothing is let through the freeze {freeze}: the programme names nobody who may.",
        Code.NOT_FREEZE_APPROVER: "{who} may let nothing through the freeze {freeze}; only {functions} may.",
        Code.REASON_NEEDED: "Say why {what}.",
        Code.DELEGATED: "{to} acts for {who} as {function} until {until}.",
        Code.DELEGATION_ENDED: "Nobody acts for {who} as {function} any more.",
        # the way up
        Code.STARTED: "{title} has begun; its first wave is being prepared.",
        Code.ALREADY_STARTED: "It has already begun.",
        Code.CLASSIFIED: "Tier {tier} by {standard}: {why}",
        Code.READY_AGAIN: "What was sent back is ready again.",
        Code.NOTHING_SENT_BACK: "Nothing was sent back.",
        Code.READINESS_MET: "{item} is met, says {by}.",
        Code.READINESS_OWED: "{item} is still owed.",
        Code.READINESS_STALE: "The evidence for {item} of {at} is too old.",
        Code.READINESS_SEEN: "{item} is met, as can be seen now: {what}.",
        Code.READINESS_LOST: "{item} is not met: {why}.",
        Code.READINESS_COMPLETE: "All that {stage} must have is there: {items}; it was owed from {since} on.",
        Code.ONLY_SEEN: "{item} is seen in the plan itself, and nobody's word for it counts; an amended plan mends it.",
        Code.OWED: "{what} is owed before {stage}.",
        Code.BLOCKING_ISSUE: "A known problem bars {stage}: {what}",
        Code.ISSUE_OPENED: "{by} found a problem ({id}), and nothing widens before it is settled or accepted: {what}.",
        Code.ISSUE_SETTLED: "{id} is settled, says {by}.",
        Code.ISSUE_ACCEPTED: "A known problem, accepted by {by} until {until}: {what}.",
        Code.ACCEPTANCE_OVER: "A known problem that {by} accepted until {until}, and that bars it since: {what}.",
        Code.EXCEPTION_ASKED: "{by} asks for an exception from {item} in {stage} until {until} ({id}): {control}.",
        Code.EXCEPTION_OPEN: "An exception from {item} is being decided already.",
        Code.EXCEPTION_TOO_LONG: "An exception ends in time to come, and here on {latest} at the latest.",
        Code.EXCEPTION_GRANTED: "{by} accepts the risk of {item} until {until} ({id}, granted so far: {times}).",
        Code.EXCEPTION_DENIED: "{by} denies the exception from {item} ({id}).",
        Code.EXCEPTION_UNDECIDED: "Nobody decided the exception from {item} in time ({id}).",
        Code.EXCEPTION_OVER: "The exception from {item} ended at {until} ({id}).",
        Code.EXCEPTED: "{item} is waived until {until}, accepted by {by}; instead: {control}.",
        Code.EXCEPTION_DEBT: "{count} are in force, {days} days old together, and nothing widens: here {most}.",
        Code.EXCEPTION_TALLY: "{count} in force, {days} days old together, renewed {renewals} times; {waived} of the "
        "{controls} readiness items of {stage} are waived; here {most}.",
        Code.GAINS_BY_IT: "{who} gains by it, and so cannot accept its risk.",
        Code.HIGHER_ACCEPTOR: "It was granted so often ({times}) that only an accountable executive grants it again.",
        Code.NOT_WAIVABLE: "{item} is nothing that an exception could waive here.",
        # requests to the programme
        Code.ALTERNATIVE_ASKED: "{by} asks for an approved way to do what {tool} does with {data} data ({id}); "
        "{to} answers until {due}.",
        Code.ALTERNATIVE_REMINDED: "{to} owes {by} an answer about {tool} until {due} ({id}).",
        Code.ALTERNATIVE_OVERDUE: "Nobody has answered {by} about {tool}, which {to} owed until {due} ({id}).",
        Code.ALTERNATIVE_ANSWERED: "{by} answers about {tool} ({id}): {outcome}; use case {use_case}: {what}",
        Code.ALTERNATIVE_CLOSED: "{id} is answered already, by {by}: {outcome}.",
        Code.ALTERNATIVE_NEEDED: "An answer to {id} says {what}.",
        # the way up, once it is agreed
        Code.ANNOUNCED: "{audience} hear that {label} begins from {at} on.",
        Code.CHANGED: "{label} is in force since {at} (epoch {epoch}).",
        Code.BAND_CHANGED: "{metric} went from {was} to {band}: it is {value}.",
        Code.NOTICE_STUCK: "{audience} could not be told of {label} ({why}, tries: {tries}); it does not begin before "
        "they are. It is tried again at {at}.",
        Code.NOTICE_DELIVERED: "{notice} was {result}.",
        Code.NOTICE_FAILED: "{notice} was not delivered: {result}.",
        Code.NOTICE_OPEN: "{audience} have not been told yet ({result}).",
        Code.UNCONFIRMED: "{audience} have not confirmed yet: {to}.",
        Code.ACKNOWLEDGED: "{by} confirms for {audience}.",
        Code.LEAD_TIME: "{audience} are given notice until {until}.",
        Code.NOT_OPEN: "Exposure is {control}; going on needs a resume.",
        Code.STILL_SETTLING: "An earlier widening may still write; it is being fenced.",
        Code.AMENDMENT_OPEN: "A revision of the plan is being decided ({gate}).",
        Code.FROZEN: "The freeze {name} lasts until {until}: {why}",
        Code.AUTHORISED: "{label} is authorised for {people} people by {by} ({gate}).",
        Code.AUTHORISED_LESS: "Of what was authorised, {label} is left by the revision in force: {people} people.",
        Code.WIDENED: "{label} is live: up to {people} people are served (epoch {epoch}).",
        Code.WIDEN_FAILED: "The widening of epoch {epoch} was not confirmed ({result}).",
        Code.WIDEN_REVERTED: "The widening was not confirmed; exposure goes back to {label}.",
        Code.EXTENDED: "Too few runs were seen ({needed} are needed); it is watched until {until} at the latest.",
        Code.EVIDENCE_ASKED: "Asked again for {metrics}, attempt {attempt}.",
        Code.INCONCLUSIVE: "The checkpoint is {verdict} ({why}); it is held and nothing passes.",
        Code.REVIEWED: "Reviewed; it goes on, and is looked at again by {until}.",
        Code.STAGE_DONE: "The stage is done; {next} is being prepared.",
        Code.CYCLE_PROVEN: "{wave} since {since} was inside its bands until people looked: {n} of {needed} cycles.",
        Code.CYCLE_STRAYED: "{wave} since {since} was out of its bands and proves nothing: {n} of {needed} cycles.",
        Code.WORTH_SHOWN: "It is worth having: {figures}.",
        Code.NO_BETTER: "No outcome is better than before, nor where it was to come: {metrics}.",
        Code.SOUND: "It runs inside its bands: {figures}. Known problems are accepted by {accepted}.",
        Code.RISK_OPEN: "Nobody has accepted the risk of {what}.",
        Code.NOT_SEEN_RUNNING: "How it runs is not seen: {metrics}.",
        Code.MATURITY_ASTRAY: "{gate} is not shown while {metrics} is out of its bands.",
        Code.REPEATS: "{n} of {needed} cycles of {stage} were inside their bands: {cycles}.",
        Code.REPEATS_TOO_FEW: "Only {n} of {needed} cycles of {stage} were inside their bands: {cycles}.",
        Code.MATURITY_WAITS: "{gate} is looked at once {before} is shown.",
        Code.REVIEW_MISSED: "A review was missed ({times}).",
        Code.NO_REVIEWERS: "The review cannot be held, because nobody could decide it.",
        Code.STILL_NO_REVIEW: "The review has still not been held.",
        Code.NUDGE: "It has been {phase} since {since} and waits for {owner}.",
        # the ways down
        Code.HELD: "HELD at {label}. Up to {people} people are still served, and nobody is added.",
        Code.NARROWED: "NARROWED to {label}. Up to {people} people are still served.",
        Code.REDIRECTED: "{label}. The assistant serves up to {people} people.",
        Code.PAUSED: "PAUSED. The assistant serves nobody.",
        Code.ROLLING_BACK: "ROLLING BACK to {label}. Up to {people} people will be served.",
        Code.ALREADY: "Already at {label}; {verb} changes nothing.",
        Code.WOULD_WIDEN: "{level} is wider than {now} in some way; a reduction never widens.",
        Code.NO_SUCH_LEVEL: "The plan has no level called {level}.",
        Code.UNLISTED: "{who} is not listed to {verb}.",
        Code.UNLISTED_HELD: "{who} is not listed to {verb}; it is held instead, and somebody is paged.",
        Code.CONFIRMED: "{label} is confirmed by read-back (epoch {epoch}).",
        Code.SETTLING: "{label} is read back (epoch {epoch}); an earlier widening is still being fenced.",
        Code.STOP_NOT_CONFIRMED: "STOP NOT CONFIRMED: {label} could not be read back ({result}). Follow {manual}.",
        Code.TRY_AGAIN: "{label} is tried again.",
        Code.LATE_ANSWER: "An answer to epoch {epoch} came when {now} was in force.",
        Code.OVERTAKEN: "The overtaken widening of epoch {epoch} has answered; everything is fenced again after {now}.",
        Code.DRIFT_TIGHTER: "Somebody reduced {label} outside: it now serves up to {people} people, and is held there.",
        Code.DRIFT_WIDER: "Somebody widened exposure outside ({dimensions}); it is taken back.",
        Code.STEP_BEGUN: "{who} does now, by {due}: {do}. It is seen by: {probe} ({id}).",
        Code.STEP_UNHEARD: "{who} may not know ({result}) that this is theirs to do now: {do} ({id}).",
        Code.ASSUMED: "{assumed}: not known yet. {who} finds out{by}: {test}.",
        Code.ASSUMED_TOO_LONG: "{assumed}: not known yet, and late. {who} was to find out{by}: {test}.",
        Code.IN_SIGHT: "Each target is in sight: {targets}. Written down is, for every run: {what}",
        Code.TARGET_LOST: "It cannot be seen what is served: {targets}. Nothing widens until it can.",
        Code.TARGET_NEVER_SEEN: "Nobody has looked yet what is served at {targets}. Nothing widens until somebody has.",
        Code.UNSEEN: "Out of sight: {targets}. Nobody knows what is served there until it is seen again.",
        Code.LONG_UNSEEN: "OUT OF SIGHT since {since}: {targets}. Nobody knows what is served there. It ends when it "
        "is seen again; to be sure before that, pause it and follow {manual}.",
        Code.SEEN_AGAIN: "Everything that was out of sight since {since} is seen again.",
        Code.ADOPTED: "Exposure was reduced outside and is held at {label}.",
        Code.STOP_ATTESTED: "{who} have seen that it is stopped.",
        Code.ONE_MORE: "One more person must say the same of {what}.",
        Code.ALREADY_CONFIRMED: "{who} has already said so.",
        Code.NOTHING_TO_CONFIRM: "There is no {what} to confirm.",
        Code.EMBARGO: "{dependency} is stopped, and nothing that it reaches widens.",
        Code.EMBARGO_LIFTED: "The bar on {dependency} is lifted; nothing widens by that.",
        Code.NO_EMBARGO: "There is no bar on {dependency}.",
        Code.MANUAL_LOAD: "Work comes back to people: {what}",
        Code.INCIDENT_OPENED: "Incident {id} is open about the {verb}: operations answer for it until {due}.",
        Code.INVALID_EVIDENCE: "Controls were gone around at {at}: what was seen until then is void, and what is seen "
        "counts again from {until} on.",
        Code.ACCESS_PATTERN: "Access does not match what the plan allows: {alert}.",
        Code.LIMIT_BREACHED: "{metric} is at {value}, past the limit of {limit}: {does}.",
        # drills
        Code.DRILL_BEGUN: "A drill has begun ({drill}): {verb} on {on}.",
        Code.DRILL_PASSED: "The drill of a {verb} on {on} passed: {targets} read back as wanted after {seconds} s.",
        Code.DRILL_FAILED: "The drill of a {verb} on {on} failed: {why}.",
        Code.DRILL_RUNNING: "A drill is under way; there is one at a time.",
        Code.DRILL_OVERTAKEN: "The drill was overtaken by something else, and proves nothing.",
        Code.DRILL_NEEDED: "Only a drill that was run and read back will do: tidegate drill {use_case} rollback.",
        Code.NO_SUBJECTS: "Say on which test subjects it is drilled; the programme has these: {known}.",
        Code.NOT_TEST_SUBJECTS: "{cohort} is no cohort of test subjects that no wave serves, at most {most} of them; "
        "there is: {known}.",
        # metrics
        Code.NO_READING: "{metric} has never been read.",
        Code.SOURCE_ERROR: "The source of {metric} could not be asked: {note}",
        Code.STALE: "The last value of {metric}, of {at}, is too old.",
        Code.FROM_THE_FUTURE: "{metric} says it was taken at {at}, which has not come yet.",
        Code.NOT_A_NUMBER: "The source of {metric} answered, and not with a number ({note}); that is not a pass.",
        Code.NO_DATA: "The source of {metric} has no data; that is not a pass.",
        Code.NO_DATA_FAILS: "The source of {metric} has no data, which counts as failed.",
        Code.NO_DATA_ZERO: "The source of {metric} has no data, which counts as zero.",
        Code.FEW_SAMPLES: "{metric} was measured over {n} cases, and {needed} are needed.",
        Code.READ: "{metric} is {value} over {n} cases.",
        Code.READ_NOTED: "{metric} is {value} over {n} cases: {note}.",
        Code.IN_BAND: "{metric} is {value}: {band}.",
        Code.CONDITION: "{condition} is {met}: {value}.",
        Code.RUNS_SEEN: "{n} runs were seen, and {needed} are needed.",
        Code.FEW_RUNS: "Only {n} runs were seen, and {needed} are needed.",
        Code.READINGS: "Read {metrics}; the worst stands at {worst}.",
        Code.NOT_THIS_WAY: "{metrics} cannot be given this way.",
        Code.STOP_RULE: "The stop rule {rule} holds ({when}), because {figures}: {does}.",
        Code.STOP_RULE_CLEAR: "The stop rule {rule} does not hold: {figures}.",
        Code.STOP_RULE_UNKNOWN: "Nobody can say whether the stop rule {rule} holds ({when}): {figures}.",
        Code.READING_DUE: "{metrics} are to be read by hand now.",
        Code.THRESHOLD: "{metric} is {value}: {band} ({beyond}).",
        Code.BLIND: "Nobody has seen {metric} since {since}.",
        Code.READING_MISSED: "{who} has not read {metrics} for longer than a reading counts; nobody sees it now.",
        Code.FIRST_RESPONSE: "{metric} has left its threshold ({band}). First: {what}",
        Code.TOO_EARLY: "What {metric} says counts from {until} on; the wave has only begun.",
        Code.RECOVERING: "{metric} is {value} and stays {band} for now: {good} of {needed} good readings in a row.",
        Code.ERROR_LIMIT: "The source of {metric} has failed {times} times without a usable reading; it may {limit}.",
        Code.INCONCLUSIVE_LIMIT: "{metric} has said nothing that counts {times} times in a row; it may {limit}.",
        Code.BEFORE_WAVE: "The last value of {metric}, of {at}, was taken before this wave began at {since}.",
        Code.NOT_TOGETHER: "{metric} was read at {at}, more than {within} before the others; all must hold together.",
        Code.DECIDES_NOTHING: "{condition} waits for a metric that is only rehearsed or not there; it opens nothing.",
        Code.ONLY_HEADS: "{conditions} count heads alone; that many people use it opens nothing.",
        Code.LEFT_NOTHING: "No level has left its threshold.",
        Code.LEFT_UNKNOWN: "No level is known to have left its threshold; nothing that counts is said by {silent}.",
        Code.LEFT_UNCLEAR: "It goes down to {metric} ({level}) at least; what lies below says nothing: {silent}.",
        Code.LEFT_GOAL: "{metric} is missed, and nothing that it rests on has left its threshold: look at what "
        "changed around it, and at the goal itself, before anybody blames the process or the model.",
        Code.LEFT_OPERATIONAL: "The process strays ({metric}), and what the assistant contributes is inside its "
        "bands: look at how the work is designed, and not at the model.",
        Code.LEFT_CONTRIBUTION: "What the assistant contributes strays ({metric}), and its technique is inside its "
        "bands: look at model, prompts and data.",
        Code.LEFT_TELEMETRY: "The technique strays ({metric}): mend that before anybody judges the model or the "
        "process.",
        Code.NO_TREE: "No metric has a level, so there is nothing to go down: give each one, and say what it supports.",
        Code.OPENS_NOTHING: "No data for {metric} counts as zero where it acts, and opens nothing.",
        Code.ALERT: "The alert {alert} fires and does {does} (deliveries cut short: {truncated}).",
        Code.ALERT_KNOWN: "The alert {alert} has been acted on.",
        Code.ALERT_RESOLVED: "The alert {alert} is over; that widens nothing.",
        Code.ALERTS_TOO: "{n} more fire with it: {alerts}.",
        Code.ALERT_TOGETHER: "{by} had it narrowed at {at}: what fires so soon after is the same trouble, and holds.",
        Code.ALERT_RESPONSE: "{signal} fires. First: {first} The rest is in {runbook}.",
        Code.GUARDRAIL_EVENT: "A policy stopped something: {alert}.",
        Code.SHADOW_USE: "People went back to an interface that is not allowed: {alert}.",
        Code.MODEL_CHANGED: "The model or its provider changed: {alert}. What was seen of the old one must be reviewed "
        "anew, and nothing widens until issue {id} is settled.",
        Code.CHANGE_SAID: "{by} says: {what} (seen in {evidence}). People look again, and nothing widens until issue "
        "{id} is settled.",
        Code.CHANGE_KNOWN: "It is known and looked at already: {what} ({id}).",
        Code.AS_JUDGED: "{name} runs as {version}, as it was judged.",
        Code.COUNTDOWN: "{name} is no longer to be had from {ends} on, in {days} days. {owner} owes a revision without "
        "it until then, or it is held ({id}).",
        Code.SUBJECT_STRAYS: "{name} runs as {runs} and was judged as {judged}: what was seen until now is void, and "
        "it goes back to {back}.",
        Code.SUBJECT_AMENDED: "The revision judges {names} in another version: what was seen until now is void, and it "
        "goes back to {back}.",
        # what a checkpoint must know
        Code.DIMENSION_SEEN: "What is known of {dimension}: {figures}.",
        Code.DIMENSION_SILENT: "Nothing that counts was read of {dimension} ({metrics}), so it cannot be judged.",
        Code.DIMENSION_UNMEASURED: "No metric speaks of {dimension}, so it cannot be judged.",
        Code.BYPASSED_BEFORE: "Controls were gone around at {at}; the wave was watched anew since, and that counts.",
        Code.TRAINING_SHOWN: "Training was shown by {by} at {at} ({ref}).",
        Code.TRAINING_GOOD_UNTIL: "That counts until {until}.",
        # going on
        Code.NOTHING_TO_RESUME: "Nothing is held or reduced.",
        Code.STILL_STOPPING: "Exposure is {control}; wait until that is confirmed.",
        Code.RESUME_OPEN: "A resume is already being decided.",
        Code.RESUME_PROPOSED: "Proposed to go on: {cause}",
        Code.RESUMED: "It goes on at {label}.",
        Code.TOO_HIGH: "{level} is too high; the highest now is {highest}.",
        Code.OVERRIDE_ASKED: "Asked for an emergency override: {label}.",
        Code.OVERRIDE_OPEN: "Another override is open or in force.",
        Code.OVERRIDE: "EMERGENCY OVERRIDE: {label}. It reverts by itself at {until}.",
        Code.OVERRIDE_OVER: "The override {label} is over.",
        Code.REVIEW_OWED: "An earlier override has not been reviewed yet.",
        Code.NOT_RATIFIED: "NOT RATIFIED by {by}: {what} ({evidence}). It ends at once and is held; it is an incident.",
        Code.NOT_RATIFIABLE: "Only the review of an override can find that it was wrong; {what} is none.",
        # revisions
        Code.AMENDMENT: "A revision was proposed: {changes}.",
        Code.SAME_PLAN: "The revision is the plan in force.",
        Code.BROKEN_SEAL: "The revision's digest is not the digest of its content.",
        Code.OTHER_USE_CASE: "The revision belongs to {use_case}.",
        Code.ADDS_THEMSELVES: "{who} cannot give themselves a function while a round of votes is open.",
        Code.KEYS_CHANGED: "New keys sign for {who}; whoever does not know their own new key speaks up now.",
        Code.KEYS_LOST: "What {who} signed for {gate} is void: the key that signed it counts no more.",
        Code.ROLL_READ: "{cohort} names {people} people (list {list}).",
        Code.ROLL_UNREAD: "It cannot be read who is in {cohort}: {note}",
        Code.ROLL_AWAITED: "It is not known who is in {cohorts}; it is being read.",
        Code.TRAINING_OWED: "Of {people} people in {cohort}, {trained} are trained ({share}); {asked} must be.",
        Code.GROUP_UNTRAINED: "Of {people} {group} in {cohort}, {trained} are trained ({share}); {asked} must be.",
        Code.TURNOVER: "{left} people lost their access by name, and {joined} got it.",
        Code.LEFT_BEHIND: "This revision leaves {targets}, where people may be served: roll back to nothing first.",
        # training, and data that is looked after
        Code.TRAINED: "{who} has learned {course}; that counts until {until} ({ref}, says {by}).",
        Code.TRAINING_KNOWN: "That {who} has learned {course} is on record until {until} already.",
        Code.TRAINING_TOO_OLD: "What {who} learned of {course} counted until {until}; it must be learned again.",
        Code.TRAINING_AHEAD: "{who} cannot have learned anything on {on} already.",
        Code.TRAINING_LAPSED: "What {who} learned of {course} counted until {until}, and only who has that training "
        "answers for an alert or accepts a risk. Once they have it again, somebody else records it: tidegate training "
        "{use_case} --person {who} --course managers --on DATE --evidence WHERE.",
        Code.TRAINING_PROBED: "{trained} of {people} people in {cohorts} are trained; of the programme's own {more}.",
        Code.TRAINING_CHANGE: "{owner} owes a change of the training by {due}, before the next wave ({id}, from "
        "{about}): {what}",
        Code.TRAINING_CHANGE_OPEN: "The training must change before the next wave: {ids}.",
        Code.NOT_TRAINED: "{who} has not learned {course}, and only who has answers for an alert or accepts a risk. "
        "Once they have, somebody else records it: tidegate training {use_case} --person {who} --course managers --on "
        "DATE --evidence WHERE.",
        Code.OWN_TRAINING: "{who} cannot say so of themselves; somebody else records it.",
        Code.NO_COURSE: "There is no course called {course}; there is {known}.",
        Code.NOTHING_ASKED: "There is no question and no known problem called {id}.",
        Code.ALERT_REVIEW: "Somebody who is trained for it owes a look at {alert} by {due} ({id}).",
        Code.DATA_UNCERTIFIED: "{source} was certified on {on} and must be every {every}: certify it, write the day "
        "in the playbook, and amend.",
        Code.DISPATCHED: "The targets are told: {verb} to {label} (epoch {epoch}).",
        Code.PRE_APPROVED: "A standard change: the programme approved it beforehand ({kinds}).",
        Code.ADOPTED_PLAN: "Revision {digest} is in force.",
        # what is owed, and the end
        Code.OWES: "{who} owes {what} by {due} ({id}).",
        Code.OWES_OR_NARROW: "{who} owes {what} by {due}, or fewer are served from then on ({id}).",
        Code.OWES_OR_PAUSE: "{who} owes {what} by {due}, or nobody is served from then on ({id}).",
        Code.OWED_SOON: "{what} is due by {due} from {owner} ({id}).",
        Code.OWED_STILL: "{what} was due at {due} from {owner}, and is owed still: fewer are served from now on.",
        Code.OUTCOME_NEEDED: "Say with --outcome what comes of {what}: keep, change or retire.",
        Code.NO_OUTCOME: "Only a review after launch has an outcome; {what} is none.",
        Code.LAUNCH_REVIEWED: "{by} closes {what}. Outcome: {outcome} ({evidence}).",
        Code.STILL_USED: "The plan in force still uses {what}: amend it first. Who may accept the risk can say that it "
        "stays.",
        Code.OVERDUE: "{what} was due at {due} from {owner}.",
        Code.OBLIGATION_MET: "{what} is met, says {by}.",
        Code.STAGE_EXPIRED: "The {stage} ended at {at}.",
        Code.BLIND_PLANE: "Nobody was at the wheel from {since} until {until}.",
        Code.HANDOFF_OFFERED: "{receiver} is asked to take it over by {due}.",
        Code.HANDED_OVER: "It is handed over and operates; it is looked at again by {review}.",
        Code.NO_HANDOFF: "The plan of {use_case} names nobody who takes it over.",
        Code.OTHER_ARTEFACTS: "That is not what the plan hands over: lacking are {lacking}, and not of the plan are "
        "{other}.",
        Code.TOO_FAR: "A handoff must be in force by {until}.",
        Code.PACK_LAID_OUT: "{by} has laid out what is handed over ({digest}): {artefacts}.",
        Code.SAME_PACK: "The very same lies there since {at}, laid out by {by}.",
        Code.PACK_OWED: "What is handed over is not laid out ({artefacts}): tidegate handoff {use_case} --offer.",
        Code.PACK_THERE: "All of it, {count} artefacts, was laid out by {by} at {at} ({digest}).",
        Code.PACK_SIGNED: "{by} has signed for {count} artefacts ({digest}); it is in force from {effective} on.",
        Code.DRILL_OWED: "{receiver}, who takes it over, has not rolled it back with their own hands.",
        Code.DELIVERY_STEPS_BACK: "Delivery steps back: {receiver} decides about it from now on, and {who} may only "
        "make it safer.",
        Code.STEPPED_BACK: "{who} has handed it over and may only make it safer; to {right} is for {receiver}.",
        Code.RECEIVED_BY: "{who} answers for its operation from now on, after {before}.",
        Code.VACANT: "{who} has left, who was {role}: {to} is asked to name who follows by {due}, and stands in.",
        Code.FOLLOWED: "{who} follows as {role}.",
        Code.NAME_NEEDED: "It is owed a name, and no confirmation: tidegate amend {use_case} PLAYBOOK.",
        Code.CONTRACT_ENDS: "The contract with {vendor} ends on {until}; by {due} {who} says who does its work then.",
        Code.RETIREMENT_PROPOSED: "Retirement is proposed: {why}",
        Code.RETIREMENT_OPEN: "Its end is already being decided or under way.",
        Code.RETIRED: "Retired: nobody is served, read back as gone, and the archive is sealed.",
        Code.TERMINATING: "It ends now: {why}",
        Code.TERMINATED: "Terminated: nobody is served, and that is read back.",
        Code.ALREADY_SERVED: "People have been served; it can be retired or terminated, and not withdrawn.",
        # real runs that people look at, and questions
        Code.SAMPLE_NEEDED: "Only a sample that was looked at will do: tidegate sample {use_case} VERDICTS.",
        Code.SAMPLED: "{by} looked at {runs} real runs: {hits} stopped rightly, {misses} not stopped and corrected, "
        "{false_stops} stopped in vain; {found} findings. Seen in {evidence} ({file}).",
        Code.SAMPLED_PART: "{by} looked at {runs} real runs, {reviewed} of {needed} by now: {hits} stopped rightly, "
        "{misses} not stopped and corrected, {false_stops} stopped in vain; {found} findings. Seen in {evidence} "
        "({file}).",
        Code.FINDINGS: "{by} reports findings ({found}): {causes}.",
        Code.NO_SAMPLE: "The plan asks for no sample of real runs.",
        Code.NO_SUCH_RULE: "There is no stop rule called {rules}; there are {known}.",
        Code.QUESTION_ASKED: "{by} asks what the policy does not cover ({id}); {to} owes an answer by {due}: {what}",
        Code.QUESTION_ANSWERED: "{by} answers {id}: {what}",
        Code.ANSWER_NEEDED: "It is owed an answer, and no confirmation: tidegate answer {use_case} {id} ANSWER.",
        Code.NO_QUESTION: "There is no open question called {id}.",
        Code.WITHDRAWN: "Withdrawn before anybody was served: {why}",
    }
)


_TO_AUDIENCES = MappingProxyType(
    {
        Code.NOTICE_DELIVERED: "The notice to {audience} was {result}.",
        Code.NOTICE_FAILED: "The notice to {audience} was not delivered: {result}.",
    }
)
"""How it is said of a notice whose audience is known by name; how it is called inside tells nobody anything."""


def explain(reason: Reason) -> str:
    """Say a reason in one sentence; a fact that is not there is said to be unknown, never left out."""
    sentence = SENTENCES[reason.code]
    if "audience" in reason.facts:
        sentence = _TO_AUDIENCES.get(reason.code, sentence)
    return sentence.format_map(_Facts({name: _read(fact) for name, fact in reason.facts.items()}))


_OURS = frozenset(
    word.value for words in (Code, Control, Function, GateKind, Phase, ReadinessItem, Right, Stage) for word in words
)
_WORD = re.compile(r"(?<![\w/.:-])[a-z]+(?:_[a-z]+)+(?![\w/.:-])")


def _read(fact: str) -> str:
    # What only code spells with an underscore is read out as people say it; names that others gave are kept.
    return _WORD.sub(lambda found: found[0].replace("_", " ") if found[0] in _OURS else found[0], fact)


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"(unknown {key})"
