"""What a notice looks like in every form, and that a template can do nothing but name facts."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from jinja2 import TemplateError

from activities.letters import LONGEST, SECTIONS, faults, write
from activities.notices import Letter
from tests.activities.test_tray import MORNING
from tidegate.models.content import Content, Group

SAID = "Cases <script>alert(1)</script> and **bold** & [a link](http://evil.example) `code`\n## Heading"


def content(**more: Any) -> Content:
    """Return the facts of a notice of a change."""
    facts: dict[str, Any] = {name: f"The {name}." for name in SECTIONS if name not in ("what", "manual")}
    return Content(
        **{
            "kind": "announcement",
            "use_case": "claims-triage",
            "title": "Claims",
            "audience": "Claims floor",
            "subject": "Claims, soon: it widens",
            "sentence": "Claims: it widens.",
            "what": ("Up to 70 people are served; before it was up to 40.",),
            "manual": ("Every letter to a customer",),
            "purpose": "A day is enough.",
            "path": "/rollout/claims-triage",
            **facts,
            **more,
        }
    )


@pytest.mark.parametrize("kind", ["announcement", "change", "band", "word", "digest"])
@pytest.mark.parametrize("group", Group)
def test_every_built_in_notice_can_be_written(
    kind: Literal["announcement", "change", "band", "word", "digest"], group: Group
) -> None:
    """Each kind to each group has its sentence, its link and no gap of more than a line."""
    written = write(content(kind=kind, group=group, first=True), "https://desk.example/")
    assert "Claims: it widens." in written.text
    assert written.text.endswith("\n\nhttps://desk.example/rollout/claims-triage")
    assert '<a href="https://desk.example/rollout/claims-triage">' in written.html
    assert "\n\n\n" not in written.text
    assert "{" not in written.text


def test_every_heading_stands_by_itself() -> None:
    """Before each heading there is an empty line, and under it what it promises."""
    lines = write(content(first=True, says="Ask early.")).text.split("\n")
    heads = [number for number, line in enumerate(lines) if line.isupper()]
    assert len(heads) >= 8
    assert all(lines[number - 1] == "" and lines[number + 1] for number in heads)


@pytest.mark.parametrize("field", ["sentence", "why", "what", "says"])
def test_what_somebody_said_stays_words(field: str) -> None:
    """Neither HTML nor Markdown nor another line can be smuggled in by what a fact says."""
    words: Any = (SAID,) if field == "what" else SAID
    written = write(content(**{field: words}))
    assert "<script" not in written.html
    assert "&lt;script&gt;" in written.html
    assert "<b>bold" not in written.html
    assert "\\<script\\>" in written.markdown
    assert "\\*\\*bold\\*\\*" in written.markdown
    assert "\\[a link\\](http" in written.markdown
    assert "\n## Heading" not in written.markdown
    assert "<script>alert(1)</script> and **bold** & [a link](http://evil.example) `code` ## Heading" in written.text


def test_what_is_not_seen_is_taken_out() -> None:
    """Signs that turn the writing around or steer a terminal do not come through, nor do our own marks."""
    written = write(content(sentence="a\u202eb\x1b[31mc\ue0005\ue001d"))
    assert not set("\u202e\x1b\ue000\ue001") & set(written.text + written.markdown + written.html)


def test_other_words_are_another_version() -> None:
    """The same facts have the same digest, and any other word another one."""
    assert write(content()).digest == write(content()).digest
    assert write(content()).digest != write(content(why="Because.")).digest


@pytest.mark.parametrize(
    "template",
    [
        "{{ what.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ what.index('a') }}",
        "{{ self }}",
        "{{ lipsum }}",
        "{{ cycler.__init__ }}",
        "{{ range(10) }}",
        "{{ 'a' * 1000000000 }}",
        "{{ 2 ** 100000 }}",
        "{{ '%1000000000s' % 'a' }}",
        "{{ what | map('upper') }}",
        "{{ what | join('a') | join('b') }}",
        "{{ what['a'] }}",
        "{{ [what, what] }}",
        "{% include 'word.md' %}",
        "{% import 'word.md' as a %}",
        "{% macro a() %}{% endmacro %}",
        "{% set a = what %}",
        "{% for a in what recursive %}{% endfor %}",
        "{% for a in what %}{% for b in what %}{% for c in what %}{{ c }}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in 'abc' %}{{ a }}{% endfor %}",
        "{% filter upper %}a{% endfilter %}",
        "{{ nothing }}",
        "{{ template }}",
    ],
)
def test_a_template_can_do_nothing_but_name_facts(template: str) -> None:
    """Whatever reaches further is refused when it is written, and if it came as far, when it is filled."""
    assert faults(template)
    with pytest.raises(TemplateError):
        write(content(template=template))


GOOD = "{{ title }}\n" + "\n".join(
    f"{{% for line in {name} %}}{{{{ line }}}}{{% endfor %}}" if name in ("what", "manual") else f"{{{{ {name} }}}}"
    for name in (*SECTIONS, "purpose")
)


@pytest.mark.parametrize(
    "more",
    [
        "",
        "{{ what | join(', ') }}",
        "{% if first and group == 'reviewers' %}{{ says | upper }}{% else %}{{ epoch }}{% endif %}",
        "{% for line in what %}{{ loop.index }}. {{ line }}{% if not loop.last %};{% endif %}{% endfor %}",
        "{{ 'first' if first else 'again' }} {{ title ~ ', ' ~ audience }}",
    ],
)
def test_what_a_template_needs_it_has(more: str) -> None:
    """Lists, choices, joining and the number of a line are enough for a notice."""
    template = GOOD + more
    assert faults(template) == ()
    assert "Claims" in write(content(template=template)).text


def test_a_section_that_some_audience_would_miss_is_found() -> None:
    """What is said only the first time, or only to some, is left out for the others."""
    for hidden in ("first", "group == 'owners'", "kind == 'change'"):
        found = faults(GOOD.replace("{{ help }}", f"{{% if {hidden} %}}{{{{ help }}}}{{% endif %}}"))
        assert [fault.message for fault in found] == [
            "a notice would not say `help`, to some audience or of some change"
        ]


def test_a_notice_has_an_end() -> None:
    """A template that would write more than anybody reads is good for nothing, and the built-in words are sent."""
    long = GOOD + "{% for a in what %}{% for b in what %}{{ b }}{% endfor %}{% endfor %}"
    many = content(template=long, what=tuple(["x" * 200] * 30))
    with pytest.raises(TemplateError, match=f"more than {LONGEST:,}"):
        write(many)
    letter = Letter.of(many, id="n", to=("ops-a",), at=MORNING)
    assert "WHAT CHANGES" in letter.body.text
