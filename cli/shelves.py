"""Every verb by name, with its room and its first sentence: all that `--help` needs, without importing any of them."""

from __future__ import annotations

from cli.menu import Shelf, Verb
from cli.shelf_of_proof import PROOF

SHELVES = (
    Shelf(
        "Set up",
        (
            Verb("init", "setup", "Write a programme: who holds which function."),
            Verb("me", "setup", "Show or set who you are: verbs then act in your name."),
            Verb(
                "keys",
                "keys",
                "Show, add, try and revoke the keys that people sign with.",
                (
                    Verb("add", "keys", "Add somebody's public SSH key to the programme."),
                    Verb("list", "keys", "List who can sign, with which keys, and whether they count today."),
                    Verb(
                        "check", "keys", "Sign something that means nothing, and see that it would be known as yours."
                    ),
                    Verb(
                        "revoke",
                        "keys",
                        "Say that a key fell into other hands: what it signed and is not used yet counts no more.",
                    ),
                    Verb(
                        "invite",
                        "inviting",
                        "Print a link that lets somebody enrol a passkey in the review desk, once.",
                    ),
                    Verb(
                        "payload",
                        "enciphering",
                        "Make a key with which is encrypted what Temporal keeps, or take another one into use.",
                    ),
                ),
            ),
            Verb("new", "setup", "Write a playbook from ten questions."),
            Verb("check", "judge", "Say what is wrong in playbooks or scenarios, and what mends it."),
            Verb("plan", "judge", "Show the waves of a playbook, who must sign, and when."),
            Verb("rehearse", "rehearse", "Live a rollout through before it begins, and show its calendar."),
            Verb("schema", "judge", "Print the JSON Schema of playbooks, programmes or scenarios, for editors."),
            Verb(
                "try-source",
                "sources",
                "Read figures from their sources now, and say what would be judged of them and why; nothing is kept.",
            ),
            Verb("tier", "tiering", "Say which tier a use case is, what it comes from, and what would change it."),
            Verb(
                "stop-rules",
                "stops",
                "Ask the stop rules about a case, or try them on many.",
                (
                    Verb("ask", "stops", "Say whether one run may go on by itself, or stops and goes to a person."),
                    Verb(
                        "test", "stops", "Try stop rules on cases of which it is said beforehand which rules stop them."
                    ),
                ),
            ),
        ),
    ),
    Shelf(
        "Run",
        (
            Verb("up", "server", "Run the Temporal server, its UI, the worker and the review desk on this machine."),
            Verb("down", "server", "End what `up` started here, in order; nothing is lost."),
            Verb(
                "desk", "desking", "Run the review desk: pages on which people without a shell read, decide and sign."
            ),
            Verb(
                "listen",
                "listening",
                "Take in alerts and events from monitoring, gateways and proxies: each makes something safer, and "
                "nothing else.",
            ),
            Verb(
                "fast-forward",
                "forward",
                "Move one rollout ahead in time, on the embedded server: for demonstrations and courses, never on a "
                "cluster.",
            ),
            Verb("doctor", "server", "Look at everything that Tidegate needs, and say what mends what is wrong."),
            Verb(
                "ledger",
                "ledger",
                "Look after the tables in which the evidence is kept.",
                (
                    Verb(
                        "upgrade",
                        "ledger",
                        "Bring the tables of the ledger forward to what this Tidegate writes, and end.",
                    ),
                ),
            ),
        ),
    ),
    Shelf(
        "Follow",
        (
            Verb("start", "starting", "Set a rollout going, and say who must act first."),
            Verb("list", "follow", "Show every rollout, where it stands and whom it waits for."),
            Verb(
                "inventory",
                "inventory",
                "List every use case: how far it has come, tier, stage, owners, models, data, and whether an audit "
                "finds gaps.",
            ),
            Verb("status", "follow", "Show where a rollout stands, what would move it on, and who may do that."),
            Verb(
                "watch",
                "follow",
                "Print a line whenever a rollout stands otherwise, until it is over or you press Ctrl-C.",
            ),
            Verb(
                "inbox",
                "inbox",
                "Show everything that waits for you in all rollouts, the oldest deadline first.",
            ),
            Verb(
                "explain",
                "knowing",
                "Say what a rollout waits for, who can end the wait and how, what happens if nobody does, "
                "and why it stands so.",
            ),
            Verb("who-can", "knowing", "Name those who may do something now, and say why the others may not."),
            Verb(
                "metrics",
                "metrics",
                "Show what is measured, and try what a figure would do.",
                (
                    Verb(
                        "tree",
                        "metrics",
                        "Show the metric tree: each figure with its value, its band, what it does, who reviews it and "
                        "when it is read.",
                    ),
                    Verb(
                        "eval",
                        "metrics",
                        "Say what figures would do: which band, whether it acts, and what would be lacking to go on.",
                    ),
                ),
            ),
            Verb(
                "diagnose",
                "metrics",
                "Say which level left its threshold first, from the business goal down, and how far down that goes.",
            ),
            Verb(
                "sop",
                "procedure",
                "Check and show the procedure by which a use case is operated.",
                (
                    Verb("check", "procedure", "Say whether a procedure is whole, and names people who are there."),
                    Verb("show", "procedure", "Print a procedure as a page of Markdown."),
                ),
            ),
            Verb(
                "onepager",
                "onepaging",
                "Answer the ten questions about a workflow on one page, with names.",
            ),
            Verb(
                "trust-sheet",
                "trusting",
                "Say what those who live with it may rely on: purpose, data, limits, whom to ask, last evaluation.",
            ),
            Verb(
                "exposure",
                "outside",
                "Show who is served, where, by what and up to which limits, and what is held back; beside it what is "
                "really there.",
            ),
            Verb(
                "drift",
                "outside",
                "Compare what is really served with the approved digest, in every rollout under way or in one.",
            ),
            Verb(
                "runbook",
                "runbook",
                "Print the way down that is being walked: what is confirmed, what is not, and who does what now.",
            ),
            Verb("can", "access", "Say whether somebody may do something now, and which rule says so."),
            Verb("wave", "access", "Show who is in the cohorts of a wave, read by name now: counts and digests."),
            Verb(
                "findings",
                "sampling",
                "Show what people found in real runs: causes and whether they grow, and how well the stop rules do.",
            ),
            Verb(
                "quarantine",
                "quarantine",
                "Show what monitoring sent that belongs to no rollout, what came last first.",
            ),
            Verb("ui", "follow", "Print the address of a rollout in the Temporal UI."),
            Verb(
                "notices",
                "follow",
                "Show what you were told, or what everybody was, the latest last.",
            ),
            Verb(
                "notice",
                "noticing",
                "Read what people will be told before they are, and try the ways to tell them.",
                (
                    Verb("preview", "noticing", "Show what each audience would be told of a wave, word for word."),
                    Verb("test", "noticing", "Send a test message by a channel, and say whether it arrived."),
                ),
            ),
        ),
    ),
    Shelf(
        "Decide",
        (
            Verb(
                "briefing",
                "briefing",
                "Show the briefing of the round of votes that is open, or how one would read now.",
            ),
            Verb("review", "review", "Look at what is to be decided, and say what is to come of it."),
            Verb("approve", "decide", "Say yes to the round of votes that is open."),
            Verb("reject", "decide", "Say no to the round of votes that is open; it ends, and nothing widens."),
            Verb("request-changes", "decide", "Send it back: it is asked again once somebody says that it is ready."),
            Verb("abstain", "decide", "Say that you will not decide; somebody else of your function must."),
            Verb(
                "veto",
                "decide",
                "Block it until the veto is withdrawn; of a yes that has been used it makes a hold.",
            ),
            Verb("withdraw-veto", "decide", "Take back the veto of your function."),
            Verb("revoke", "decide", "Take back your own vote; one that has been used becomes a hold."),
            Verb("delegate", "around", "Let somebody act in your place for a while; both names stand in the record."),
            Verb("remind", "around", "Ask those who have not answered again, now."),
            Verb("reassign", "around", "Name, as head of a function, who else may decide this one round for it."),
            Verb("postpone", "around", "Give a round of votes more time, once."),
            Verb("let-through", "around", "Let this one change through a freeze, if the freeze names your function."),
            Verb(
                "confirm",
                "around",
                "Say that something is so: a notice understood, a duty met, a stop seen.",
            ),
        ),
    ),
    Shelf(
        "Make safer, without asking anybody",
        (
            Verb("hold", "safer", "Stop adding people; whoever is served stays served."),
            Verb("narrow", "safer", "Serve fewer people, or with fewer powers."),
            Verb(
                "redirect",
                "safer",
                "Send the work where the fallback plan says: to a queue of people, or to another model.",
            ),
            Verb("pause", "safer", "Serve nobody; the plan stays."),
            Verb("rollback", "safer", "Go back to an earlier wave, or to nothing, and work by hand."),
            Verb(
                "stop-the-line",
                "line",
                "Pause every rollout that uses a model, that a vendor supplies, or of a unit; or all.",
            ),
            Verb("line", "line", "Show what is stopped, how many are contained, and of whom nobody can say."),
            Verb("drill", "drilling", "Try a way down on test subjects, or really, and say how long it took."),
        ),
    ),
    Shelf(
        "Go on",
        (
            Verb("resume", "onward", "Propose to go on after a reduction; those who reduced it are asked."),
            Verb(
                "ready",
                "readying",
                "Show what a stage must have before it begins, who owes it and how old it is; or say that it is there.",
            ),
            Verb("reading", "onward", "Give figures that people count by hand; your name stands behind them."),
            Verb(
                "issue", "exceptions", "Say that something is wrong, or that it is settled; nothing widens meanwhile."
            ),
            Verb(
                "changed",
                "changing",
                "Say that a model, a prompt, a provider or data changed, or that there was an incident; people look "
                "again.",
            ),
            Verb(
                "sample",
                "sampling",
                "Say what you found in real runs; once there are enough of them, the sample of this week is done.",
            ),
            Verb("ask", "questions", "Ask what the policy does not cover; somebody owes you the answer by a date."),
            Verb(
                "answer",
                "questions",
                "Answer a question that the policy does not cover; whoever asked it hears the answer.",
            ),
            Verb(
                "training",
                "training",
                "Show who has learned what and who owes it, put a record of it down, or say what has to change in it.",
            ),
            Verb(
                "exception",
                "exceptions",
                "Ask for an exception, decide it, and see those there are, here or in all rollouts.",
                (
                    Verb(
                        "request",
                        "exceptions",
                        "Ask that one condition need not be met for a while: what is done instead, why, how far and "
                        "until when.",
                    ),
                    Verb(
                        "decide",
                        "exceptions",
                        "Grant or deny an exception, once you have seen what is waived, what is done instead, and how "
                        "often it was.",
                    ),
                    Verb(
                        "show",
                        "exceptions",
                        "Show the exceptions and open issues of a rollout as they stand now, with what somebody needs "
                        "who decides.",
                    ),
                    Verb(
                        "list",
                        "excepted",
                        "List every exception that was ever asked for, in all rollouts or in one, and what became of "
                        "it.",
                    ),
                ),
            ),
            Verb(
                "request",
                "request",
                "Ask for an approved way to do what you do with a tool that is not, and answer who asks.",
                (
                    Verb(
                        "alternative-tool",
                        "request",
                        "Ask for an approved way to do a task: with which tool you do it, or want to, and which data "
                        "goes in.",
                    ),
                    Verb(
                        "answer",
                        "request",
                        "Answer a request: a use case to join, one that was begun for it, or no with a reason.",
                    ),
                    Verb("list", "request", "List the requests that wait for an answer, and those that have one."),
                ),
            ),
            Verb(
                "standard",
                "standard",
                "Show which standards there are, what they demand, and move a rollout to a newer one.",
                (
                    Verb("list", "standard", "List the standards there are, and which of them have a newer version."),
                    Verb("show", "standard", "Show what a standard demands of each stage, tier by tier."),
                    Verb(
                        "diff",
                        "standard",
                        "Show every rule in which two standards differ, and which of them is the stricter one there.",
                    ),
                    Verb(
                        "migrate",
                        "migrating",
                        "Hold a rollout to a newer version of its standard; what is lacking then is owed by a date.",
                    ),
                ),
            ),
            Verb("amend", "amending", "Propose another plan, and show what changes and whom each change asks."),
            Verb(
                "left",
                "leaving",
                "Say that somebody no longer works here: they count for nothing any more, and what they own is owed a "
                "successor.",
            ),
            Verb("lift-the-line", "line", "Lift a stop of the line; nothing widens by that, and nothing is resumed."),
            Verb("lift", "onward", "Lift the bar on something shared; nothing widens by that."),
            Verb(
                "override",
                "onward",
                "Raise it in an emergency, with a second person; it reverts by itself and is reviewed.",
            ),
            Verb(
                "handoff",
                "handing",
                "Take it over, as its receiver: first your drill, then your yes to exactly what --offer has laid out.",
            ),
            Verb("retire", "onward", "Propose to end it in good order."),
            Verb("terminate", "onward", "End it now: nobody is served, and that is read back."),
            Verb("withdraw", "onward", "Take it back before anybody was served."),
        ),
    ),
    PROOF,
)
