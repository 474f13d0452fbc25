"""`changed`: says that something under a use case changed, is about to, or has gone wrong; people look again."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.answers import Refusal
from cli.options import AsJson, Evidence, GoodUntil, MessageId, UseCase, Who, Why
from cli.telling import Manner, message, tell, unseen


def changed(
    use_case: UseCase,
    what: Annotated[
        str, typer.Option("--what", metavar="KIND", help="`model`, `prompt`, `provider`, `data` or `incident`.")
    ],
    *,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Which one, as the playbook calls it.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="What runs now: a date, a tag or a digest.")
    ] = None,
    ends: Annotated[
        str | None, typer.Option("--ends", metavar="DATE", help="The last day on which it is to be had.")
    ] = None,
    evidence: Evidence = None,
    who: Who = None,
    reason: Why = None,
    mine: MessageId = None,
    good: GoodUntil = None,
    as_json: AsJson = False,
) -> None:
    """Say that a model, a prompt, a provider or data changed, or that there was an incident; people look again.

    Anybody may say so. Nothing widens until it is settled, and what operates is reviewed now. Where the plan says in
    which version it was judged and --version is another, what was seen until now is void, and it goes back to the wave
    that the plan names. With --ends it must be replaced by then, or it is held. With --json: {"outcome", "code",
    "sentence", "standing", "id"}.

    Example: tidegate changed minutes-summariser --what model --name small-text --ends 2027-06-30 --evidence mail-4711
    """
    from cli import talk
    from cli.moments import moment
    from tidegate.models.subject import What

    kind = what.strip().lower()
    if kind not in tuple(What):
        raise Refusal(f"'{what}' is nothing that changes", f"Write one of {', '.join(What)}.")
    if name is None and (version is not None or ends is not None):
        raise Refusal("a version or an end belongs to something", "Add --name NAME.")
    server, manner = talk.server(), Manner(as_json, None, mine, good)
    try:
        calendar = server.whole(use_case).plan.calendar if ends is not None else None
    except talk.NoAnswer:
        raise unseen(use_case, "by which clock it works") from None
    said = message(
        use_case,
        "changed",
        who,
        manner,
        what=kind,
        name=name and name.strip().lower(),
        version=version and version.strip(),
        ends=None if ends is None else moment(ends, "--ends", calendar).isoformat(),
        evidence=evidence,
        reason=reason,
    )
    tell(server, said, manner)
