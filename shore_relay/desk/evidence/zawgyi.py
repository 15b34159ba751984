"""Burmese in the old Zawgyi encoding, recognised and turned into Unicode.

Many telephones in Myanmar still write Zawgyi: the same code points, another meaning. Read as Unicode it looks
like a torn text. Recognition is the library `myanmartools`; the rules in data/zawgyi_rules.json are those of
the same project (Apache-2.0, see NOTICE), applied as its own converter applies them.
"""

import json
import re
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import resources

from myanmartools import ZawgyiDetector

_ZAWGYI_LEAST = 0.95
"""The detector's own advice: above this a text is Zawgyi, and doubtful ones are left as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    match: re.Pattern[str]
    become: str
    only_at_start: bool
    look_again: bool
    """What it wrote is matched again, in place of being done with."""


def is_zawgyi(text: str) -> bool:
    """Return whether a text is surely written in Zawgyi."""
    return _probability(text) >= _ZAWGYI_LEAST


def to_unicode(text: str) -> str:
    """Return a Zawgyi text in Unicode."""
    for phase in _phases():
        text = _run(phase, text)
    return text


def _run(phase: tuple[_Rule, ...], text: str) -> str:
    done: list[str] = []
    at_start = True
    while text:
        matched = False
        for rule in phase:
            found = rule.match.match(text) if at_start or not rule.only_at_start else None
            if found is None:
                continue
            matched = True
            written, rest = found.expand(rule.become), text[found.end() :]
            if rule.look_again:
                text = written + rest
            else:
                done.append(written)
                text = rest
        if not matched:
            done.append(text[0])
            text = text[1:]
        at_start = False
    return "".join(done)


def _probability(text: str) -> float:
    return float(_detector().get_zawgyi_probability(text))


@cache
def _detector() -> ZawgyiDetector:
    with warnings.catch_warnings():
        # The library opens its model in a way that Python has since named old.
        warnings.simplefilter("ignore", DeprecationWarning)
        return ZawgyiDetector()


@cache
def _phases() -> tuple[tuple[_Rule, ...], ...]:
    path = resources.files("shore_relay.desk.evidence") / "data" / "zawgyi_rules.json"
    return tuple(
        tuple(
            _Rule(
                match=re.compile(rule["match"]),
                become=rule["become"],
                only_at_start=rule.get("only_at_start", False),
                look_again=rule.get("look_again", False),
            )
            for rule in phase
        )
        for phase in json.loads(path.read_text(encoding="utf-8"))
    )
