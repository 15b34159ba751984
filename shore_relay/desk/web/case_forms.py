"""What the forms of a case say, read with distrust."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from protocol.ids import UnixSeconds
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.model import NEVER, EvidenceState, Severity, Status
from shore_relay.desk.cases.work import Head
from shore_relay.desk.errors import BadCaseText, WrongStep

Form = Mapping[str, object]

REMINDER_DAYS = (0, 1, 3, 7)
"""Before the day on which a task is due."""

_PERSON_BYTES = 8
_MAILBOX_BYTES = 16
_NUMBER_DIGITS_MAX = 15


def text_of(form: Form, name: str) -> str:
    """Return a field as text; empty where it is missing or a file."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def number_of(form: Form, name: str) -> int:
    """Return a field as a whole number; 0 where it is none."""
    text = text_of(form, name).strip()
    is_number = text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX
    return int(text) if is_number else 0


def person_of(form: Form, name: str) -> bytes:
    """Return a field as a person's id; empty for nobody."""
    try:
        found = bytes.fromhex(text_of(form, name))
    except ValueError:
        return b""
    return found if len(found) == _PERSON_BYTES else b""


def mailbox_of(form: Form) -> bytes:
    """Return which person a form is about; raises `WrongStep` where it names none."""
    try:
        found = bytes.fromhex(text_of(form, "mailbox"))
    except ValueError:
        found = b""
    if len(found) != _MAILBOX_BYTES:
        raise WrongStep("This form is not complete; open the case again.")
    return found


def head_in(form: Form, prefix: str = "") -> Head:
    """Return the head of a case as a form has it; raises `WrongStep` where it was not our form."""
    status, severity = text_of(form, prefix + "status"), number_of(form, prefix + "severity")
    if status not in set(Status) or severity not in set(Severity):
        raise WrongStep("This form is not complete; open the case again.")
    return Head(
        title=text_of(form, prefix + "title"),
        status=Status(status),
        severity=Severity(severity),
        assignee=person_of(form, prefix + "assignee"),
    )


def due_in(form: Form) -> tuple[UnixSeconds, UnixSeconds]:
    """Return when a task is due (the end of a day, UTC) and when to remind; raises `BadCaseText`."""
    try:
        day = date.fromisoformat(text_of(form, "due"))
        begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
        due_at = int((begins + timedelta(days=1)).timestamp()) - 1
        before = text_of(form, "remind")
        if before not in {str(days) for days in REMINDER_DAYS}:
            return UnixSeconds(due_at), NEVER
        remind_at = int((begins - timedelta(days=int(before))).timestamp())
    except (ValueError, OverflowError) as reason:
        raise BadCaseText("This is no date that there is; choose a day.") from reason
    return UnixSeconds(due_at), UnixSeconds(max(0, remind_at))


def evidence_in(form: Form) -> tuple[Indicator, int, EvidenceState]:
    """Return an indicator, a message and what is decided about them; raises `WrongStep`."""
    indicator, state = number_of(form, "indicator"), text_of(form, "state")
    if indicator not in set(Indicator) or state not in set(EvidenceState):
        raise WrongStep("This form is not complete; open the case again.")
    return Indicator(indicator), number_of(form, "message"), EvidenceState(state)
