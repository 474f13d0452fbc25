"""How a notice is written: its facts put into a template, as Markdown, plain text or HTML.

A template may come from whoever writes a playbook, so it can do next to nothing: it names facts, repeats lists of them,
and chooses. It calls nothing, reckons nothing and reads nothing, which also bounds how long it takes and how much it
writes. What a fact says is never taken for Markdown or HTML, whoever said it.
"""

from __future__ import annotations

import hashlib
import html
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import StrictUndefined, TemplateError, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tidegate.models.content import TEMPLATE_LIMIT, Content, Group

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Template

BUILT_IN = Path(__file__).parent / "templates"
LONGEST = 20_000
"""Characters that a notice may have."""

SECTIONS = ("what", "when", "why", "manual", "help", "exception", "escalation")
"""What every notice of a change must say, each by the fact that says it."""
PURPOSE = "purpose"
"""What the first notice to an audience must say beside that."""
FACTS = tuple(name for name in Content.model_fields if name not in ("template", "path"))

_FILTERS = ("join", "length", "upper", "lower", "capitalize", "first", "last")
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.If, nodes.For, nodes.Filter,
    nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.Concat, nodes.Getattr,
)  # fmt: skip
_DEEPEST = 2
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARKED = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_SPECIAL = re.compile(r"[\\`*_\[\]<>#|&~]")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ue000-\uf8ff]")


_TRAILING = re.compile(r"[ \t]+(?=\n)")


class Written(NamedTuple):
    """A notice in all its forms."""

    subject: str
    text: str
    markdown: str
    html: str
    digest: str
    """Names these words."""


class Fault(NamedTuple):
    """One mistake in a template."""

    line: int
    message: str
    mend: str


def _spelled(value: object) -> str:
    """Keep what a fact says apart from what the template says, until it is known which form it takes."""
    if isinstance(value, tuple):
        value = " ".join(map(str, value))
    value = str(value)
    seen = _UNSEEN.sub(" ", value.replace("\r\n", "\n").replace("\n", " "))
    return _SPECIAL.sub(lambda found: f"{_OPEN}{ord(found[0])}{_CLOSE}", seen)


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, finalize=_spelled, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    made.globals.clear()
    made.filters = {name: made.filters[name] for name in _FILTERS}
    return made


_ENVIRONMENT = _environment()


def write(content: Content, desk: str | None = None) -> Written:
    """Write a notice. Raises TemplateError where its own template is good for nothing; a built-in one always is."""
    own = content.template if content.kind in ("announcement", "change") else ""
    source = own or _built_in(content.kind)
    if own and (wrong := next(_forbidden(own), None)) is not None:
        raise TemplateError(wrong.message)
    marked = _filled(_compiled(source), content)
    marked = re.sub(r"\n{3,}", "\n\n", _TRAILING.sub("", marked)).strip()
    subject = _UNSEEN.sub(" ", content.subject).replace("\n", " ")[:150]
    markdown = _MARKED.sub(lambda found: f"\\{chr(int(found[1]))}", marked)
    text, page = _plain(marked), _html(marked)
    if desk and content.path:
        link = desk.rstrip("/") + content.path
        markdown, text = f"{markdown}\n\n<{link}>", f"{text}\n\n{link}"
        page += f'\n<p><a href="{html.escape(link)}">{html.escape(link)}</a></p>'
    return Written(subject, text, markdown, page, hashlib.sha256(f"{subject}\n{text}".encode()).hexdigest())


@cache
def _built_in(kind: str) -> str:
    return (BUILT_IN / f"{kind}.md").read_text(encoding="utf-8")


@lru_cache(maxsize=64)
def _compiled(source: str) -> Template:
    """Return what fills a template: to make it takes a hundred times as long as to use it."""
    return _ENVIRONMENT.from_string(source)


def _filled(template: Template, content: Content) -> str:
    facts = {name: getattr(content, name) for name in FACTS} | {"group": content.group.value}
    parts, length = [], 0
    try:
        for part in template.generate(facts):
            length += len(part)
            if length > LONGEST * 8:  # a mark takes several characters
                break
            parts.append(part)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise TemplateError(f"it cannot be filled: {type(error).__name__}") from None
    whole = "".join(parts)
    if length > LONGEST * 8 or len(_MARKED.sub(" ", whole)) > LONGEST:
        raise TemplateError(f"it writes more than {LONGEST:,} characters")
    return whole


def faults(template: str) -> tuple[Fault, ...]:
    """Return what is wrong with a template: what it may not do, what it does not know, and what it leaves out."""
    return tuple(_forbidden(template)) or tuple(_left_out(template))


def _forbidden(template: str) -> Iterator[Fault]:
    if len(template) > TEMPLATE_LIMIT:
        yield Fault(1, f"it has more than {TEMPLATE_LIMIT:,} characters", "Say less.")
        return
    try:
        tree = _ENVIRONMENT.parse(template)
    except TemplateSyntaxError as error:
        said = str(error.message)[:120].rstrip(".")
        yield Fault(error.lineno, f"it cannot be read: {said}", "Mend it; it is written as Jinja has it.")
        return
    except (TemplateError, RecursionError, ValueError):
        yield Fault(1, "it cannot be read", "Write it simpler.")
        return
    yield from _walk(tree, frozenset(FACTS), 0)


def _walk(node: nodes.Node, known: frozenset[str], depth: int) -> Iterator[Fault]:
    """Go through a template as it is written; names that a loop gives are known within it."""
    line = getattr(node, "lineno", 1)
    if not isinstance(node, _ALLOWED):
        yield Fault(line, f"it uses `{type(node).__name__.lower()}`", "Name facts, repeat lists of them, and choose.")
        return
    wrong = _odd(node, known)
    if wrong is not None:
        yield Fault(line, *wrong)
    if not isinstance(node, nodes.For):
        for child in node.iter_child_nodes():
            yield from _walk(child, known, depth)
        return
    if depth >= _DEEPEST or node.recursive or node.test is not None or not isinstance(node.iter, nodes.Name):
        yield Fault(line, "it repeats what is no list of facts, or repeats too deep", "Repeat over one fact.")
        return
    yield from _walk(node.iter, known, depth)
    given = node.target if isinstance(node.target, nodes.Name) else nodes.Name("loop", "store")
    inside = known | {given.name, "loop"}
    for child in (*node.body, *node.else_):
        yield from _walk(child, inside, depth + 1)


def _odd(node: nodes.Node, known: frozenset[str]) -> tuple[str, str] | None:
    """Return what is wrong with one part by itself, and what mends it."""
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name not in known:
        return f"there is no fact `{node.name[:40]}`", f"There are {', '.join(sorted(FACTS))}."
    if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
        return f"there is no filter `{node.name[:40]}`", f"There are {', '.join(_FILTERS)}."
    if isinstance(node, nodes.Filter) and node.name == "join" and not isinstance(node.node, nodes.Name):
        return "only a fact can be joined", "Write {{ what | join(' ') }}."
    if isinstance(node, nodes.Getattr) and not (isinstance(node.node, nodes.Name) and node.node.name == "loop"):
        return f"a fact has no `{node.attr[:40]}`", "Facts are words, or lists of words."
    return None


def _left_out(template: str) -> Iterator[Fault]:
    """Write it once for an audience that knows, and once for one that does not, and see what does not come up."""
    missing: dict[str, None] = {}
    made = _ENVIRONMENT.from_string(template)
    for kind in ("announcement", "change"):
        for group in Group:
            for first in (True, False):
                facts = _sample(template, kind, group, first=first)
                try:
                    said = _plain(_filled(made, facts))
                except TemplateError as error:
                    yield Fault(getattr(error, "lineno", None) or 1, str(error)[:150].rstrip("."), "Write it simpler.")
                    return
                wanted = (*SECTIONS, PURPOSE) if first and kind == "announcement" else SECTIONS
                missing |= dict.fromkeys(name for name in wanted if f"fact {name}" not in said)
    for name in missing:
        when = "the first notice" if name == PURPOSE else "a notice"
        yield Fault(1, f"{when} would not say `{name}`, to some audience or of some change", f"Name {name} in it.")


def _sample(template: str, kind: str, group: Group, *, first: bool) -> Content:
    return Content(
        kind="change" if kind == "change" else "announcement",
        use_case="sample",
        title="Sample",
        audience="Audience",
        group=group,
        first=first,
        subject="fact subject",
        sentence="fact sentence",
        what=("fact what",),
        when="fact when",
        why="fact why",
        purpose="fact purpose",
        manual=("fact manual",),
        help="fact help",
        exception="fact exception",
        escalation="fact escalation",
        says="fact says",
        template=template,
    )


# -- forms ----------------------------------------------------------------------------------------------------------


def _plain(marked: str) -> str:
    lines = []
    for line in marked.split("\n"):
        bare = re.sub(r"\*\*|`", "", line)
        lines.append(bare[3:].upper() if bare.startswith("## ") else bare.removeprefix("# "))
    return _MARKED.sub(lambda found: chr(int(found[1])), "\n".join(lines))


def _html(marked: str) -> str:
    """Turn headings, lists, bold and code into HTML; everything else is a paragraph."""
    out: list[str] = []
    for block in re.split(r"\n{2,}", html.escape(marked, quote=False)):
        run: list[str] = []
        for line in block.split("\n"):
            if line.startswith("- "):
                if not (run and run[-1].startswith("<li>")):
                    out += _paragraph(run)
                    run = []
                run.append(f"<li>{_inline(line[2:])}</li>")
                continue
            if run and run[-1].startswith("<li>"):
                out.append(f"<ul>{''.join(run)}</ul>")
                run = []
            if heading := re.fullmatch(r"(#{1,3}) (.*)", line):
                out += _paragraph(run)
                run = []
                out.append(f"<h2>{_inline(heading[2])}</h2>")
            elif line.strip():
                run.append(_inline(line))
        out += [f"<ul>{''.join(run)}</ul>"] if run and run[-1].startswith("<li>") else _paragraph(run)
    return _MARKED.sub(lambda found: html.escape(chr(int(found[1]))), "\n".join(out))


def _paragraph(lines: list[str]) -> list[str]:
    return [f"<p>{'<br>'.join(lines)}</p>"] if lines else []


def _inline(line: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", re.sub(r"\*\*([^*]+)\*\*", r"<b>\1</b>", line))
