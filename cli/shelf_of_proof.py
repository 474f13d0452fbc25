"""The verbs that prove and report, by name: they read the ledger, or what is known across rollouts."""

from __future__ import annotations

from cli.menu import Shelf, Verb

PROOF = Shelf(
    "Prove",
    (
        Verb(
            "report",
            "report",
            "Report from the ledger what was gained, how it is used, what it costs, and how it was decided.",
            (
                Verb(
                    "monthly",
                    "report",
                    "Report a month of every use case: outcomes, adoption, spend, and how the reviewing went.",
                ),
                Verb(
                    "scorecard",
                    "report",
                    "Report a month of one use case: spend, utilisation, value delivered, and where the spend leads.",
                ),
                Verb(
                    "portfolio",
                    "report",
                    "Report all use cases beside each other, for those who decide in which to invest and which to "
                    "retire.",
                ),
                Verb(
                    "review",
                    "report",
                    "Report all that a review after launch needs: outcome, decisions, incidents, exceptions, and "
                    "what each rests on.",
                ),
                Verb(
                    "compare",
                    "report",
                    "Compare two checkpoints, of one use case or of two: the same template asks the same of each.",
                ),
                Verb(
                    "links",
                    "report",
                    "Show which notice, round of votes, and version of plan and policy stand behind each change "
                    "of exposure.",
                ),
                Verb(
                    "stages",
                    "course",
                    "Report when it stood in which stage and wave, under which standard, who had signed, and how "
                    "it was watched.",
                ),
                Verb(
                    "risk",
                    "course",
                    "Report what was found at what exposure, beside what everything at once from the first day "
                    "would have met.",
                ),
                Verb("verify", "report", "Say whether a report is as it was signed."),
            ),
        ),
        Verb(
            "maturity",
            "maturing",
            "Say of goal, ownership, governance, metrics and delivery whether they are a pilot's or those of what "
            "is scaled.",
        ),
        Verb(
            "data",
            "lineage",
            "See what depends on data across all use cases.",
            (
                Verb(
                    "impact",
                    "lineage",
                    "Say which use cases depend on a source: waves, what they may do, permitted use, models, "
                    "steward, people now.",
                ),
            ),
        ),
        Verb(
            "controls",
            "controls",
            "Map the frameworks that you are audited by: who is in scope, and which of their controls are proven now.",
        ),
        Verb(
            "audit",
            "auditing",
            "List what an auditor would find missing or stale tomorrow, control by control.",
        ),
        Verb(
            "evidence",
            "evidence",
            "Show, export and verify what is on record.",
            (
                Verb("list", "evidence", "List what is on record of a rollout, or of which rollouts something is."),
                Verb("show", "evidence", "Show everything about one entry, and what stands before and after it."),
                Verb(
                    "export",
                    "evidence",
                    "Write all evidence of a rollout, with a page to read and a file that verifies it without us.",
                ),
                Verb("verify", "evidence", "Say whether evidence is as it was written, and what is not."),
                Verb("process", "evidence_process", "Say how the reviewing itself goes: load, waiting, exceptions."),
                Verb("erase", "evidence", "Erase people's words for good; the entries stay, and verify as before."),
            ),
        ),
    ),
)
