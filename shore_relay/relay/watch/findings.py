"""What a doctor found: fine, worth a look, or broken; each with what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from protocol.documents import Json


class Level(Enum):
    """How bad a finding is."""

    FINE = "fine"
    LOOK = "look"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    check: str
    level: Level
    sentence: str
    remedy: str = ""


def fine(check: str, sentence: str) -> Finding:
    """Return that all is well."""
    return Finding(check=check, level=Level.FINE, sentence=sentence)


def look(check: str, sentence: str, remedy: str = "") -> Finding:
    """Return what somebody should look at; the relay works meanwhile."""
    return Finding(check=check, level=Level.LOOK, sentence=sentence, remedy=remedy)


def broken(check: str, sentence: str, remedy: str = "") -> Finding:
    """Return what keeps the relay from its work, or its secrets from being any."""
    return Finding(check=check, level=Level.BROKEN, sentence=sentence, remedy=remedy)


def as_document(findings: Sequence[Finding]) -> dict[str, Json]:
    """Return findings for programs."""
    return {
        "findings": [
            {
                "check": each.check,
                "level": each.level.value,
                "sentence": each.sentence,
                "remedy": each.remedy or None,
            }
            for each in findings
        ]
    }


def as_text(findings: Sequence[Finding]) -> str:
    """Return findings for people, the worst last, where the eye is."""
    order = list(Level)
    lines: list[str] = []
    for each in sorted(findings, key=lambda finding: order.index(finding.level)):
        lines.append(f"[{each.level.value}] {each.sentence}")
        if each.remedy:
            lines.append(f"         {each.remedy}")
    return "\n".join(lines)
