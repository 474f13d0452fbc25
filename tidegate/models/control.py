"""What is no control: a sentence that names training and nothing else. People who know better still make mistakes.

The rules see no words, only what stands for them; so it is read here, as a message is heard, and by `check`. It reads
English words, and no meaning: where a sentence names training and nothing that is done, checked or stopped,
it is no control. What it lets pass is for people to judge.
"""

from __future__ import annotations

import re

NO_CONTROL = "training alone is no control: say what is checked, limited or stopped as well"

_TAUGHT = re.compile(
    r"\b(?:re)?train(?:ed|ing|ings|s)?\b|\bcourses?\b|\be-?learning\b|\blessons?\b|\bworkshops?\b|\bwebinars?\b"
    r"|\bawareness\b|\btaught\b|\bteach(?:es|ing)?\b|\blearn(?:ed|s|t)?\b|\binstructed\b|\bcoach(?:ed|ing)?\b"
    r"|\bonboarding\b|\beducat(?:e|ed|ion)\b|\bguidance\b|\breminded\b",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:confirm|check|review|approv|verif|sampl|limit|block|deni|deny|stop|hold|held|hand|releas|watch|monitor|compar"
    r"|count|measur|sign|sit|sits|read|reads|look|test|log|reject|filter|mask|redact|queue|route|pause|roll|correct"
    r"|counter|double|second|supervis|take|takes|guard|restrict|by hand|manual|every case|each case|alert|escalat"
    r"|inspect|audit|validat|reconcil|colleague|four eyes|decid)\w*",
    re.IGNORECASE,
)


def only_training(text: str) -> bool:
    """Whether a control names training, and nothing that would catch a mistake of somebody who was trained."""
    return _TAUGHT.search(text) is not None and _DONE.search(_TAUGHT.sub(" ", text)) is None
