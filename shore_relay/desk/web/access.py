"""What each page asks of whoever wants it: the one list. A route that is not in it is served to nobody."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType

from shore_relay.desk.people.roles import Permission


class Access(Enum):
    """Pages that no permission guards."""

    OPEN = "open"
    """Before anybody has logged in."""
    SIGNED_IN = "signed-in"
    """For whoever has logged in, also with a start passphrase that must still be replaced."""


_MESSAGE = r"/messages/{id}"
_VESSEL = r"/vessels/{vessel}"
_CASE = r"/cases/{case}"
CASE_PARTS = frozenset(
    {"/cases-list", "/board-list", _CASE + "/messages-list", _CASE + "/history-list"},
)
"""Parts of pages, fetched by the pages themselves."""
_PERSON = r"/people/{person}"

ROUTES: Mapping[tuple[str, str], Access | Permission] = MappingProxyType(
    {
        ("GET", "/static"): Access.OPEN,
        ("GET", "/login"): Access.OPEN,
        ("POST", "/login"): Access.OPEN,
        ("GET", "/login/second"): Access.OPEN,
        ("POST", "/login/code"): Access.OPEN,
        ("POST", "/login/passkey"): Access.OPEN,
        ("POST", "/language"): Access.OPEN,
        ("POST", "/lock"): Access.SIGNED_IN,
        ("GET", "/account"): Access.SIGNED_IN,
        ("POST", "/account/passphrase"): Access.SIGNED_IN,
        ("GET", "/account/code"): Access.SIGNED_IN,
        ("POST", "/account/code"): Access.SIGNED_IN,
        ("POST", "/account/passkeys"): Access.SIGNED_IN,
        ("POST", "/account/second-factor"): Access.SIGNED_IN,
        ("GET", "/account/notices"): Permission.CASEWORK,
        ("POST", "/account/notices"): Permission.CASEWORK,
        ("POST", "/account/notices/test"): Permission.CASEWORK,
        ("POST", "/account/notices/calendar"): Permission.CASEWORK,
        # The address itself is the secret, and what it shows is numbers and dates.
        ("GET", "/calendar/{secret}.ics"): Access.OPEN,
        ("GET", "/"): Permission.READ,
        ("GET", "/inbox-list"): Permission.READ,
        ("GET", "/search"): Permission.READ,
        ("GET", "/events"): Permission.READ,
        ("GET", _MESSAGE): Permission.READ,
        ("GET", _MESSAGE + "/answers-list"): Permission.READ,
        ("GET", _MESSAGE + "/sound.wav"): Permission.READ,
        ("GET", _MESSAGE + "/sound-state"): Permission.READ,
        ("GET", _MESSAGE + "/answers/{answer}.wav"): Permission.READ,
        ("POST", _MESSAGE + "/answers"): Permission.ANSWER,
        ("POST", _MESSAGE + "/answers/cost"): Permission.ANSWER,
        ("POST", _MESSAGE + "/answers/preview"): Permission.ANSWER,
        ("GET", "/phrases"): Permission.ANSWER,
        ("POST", _MESSAGE + "/recordings"): Permission.ANSWER,
        ("GET", _MESSAGE + "/recordings/{draft}"): Permission.ANSWER,
        ("GET", _MESSAGE + "/recordings/{draft}.wav"): Permission.ANSWER,
        ("POST", _MESSAGE + "/recordings/{draft}"): Permission.ANSWER,
        ("POST", _MESSAGE + "/case"): Permission.CASEWORK,
        ("GET", "/cases"): Permission.CASEWORK,
        ("GET", "/cases-list"): Permission.CASEWORK,
        ("GET", "/cases/statistics"): Permission.CASEWORK,
        ("GET", _CASE): Permission.CASEWORK,
        ("GET", _CASE + "/messages-list"): Permission.CASEWORK,
        ("GET", _CASE + "/history-list"): Permission.CASEWORK,
        ("POST", _CASE + "/head"): Permission.CASEWORK,
        ("POST", _CASE + "/notes"): Permission.CASEWORK,
        ("POST", _CASE + "/tasks"): Permission.CASEWORK,
        ("POST", _CASE + "/tasks/{task}"): Permission.CASEWORK,
        ("POST", _CASE + "/evidence"): Permission.CASEWORK,
        ("POST", _CASE + "/check-ins"): Permission.CASEWORK,
        ("POST", _CASE + "/money"): Permission.CASEWORK,
        ("POST", _CASE + "/money/{fact}"): Permission.CASEWORK,
        ("POST", _CASE + "/money/export"): Permission.EXPORT,
        ("POST", _CASE + "/trade"): Permission.CASEWORK,
        ("POST", _CASE + "/trade/{fact}"): Permission.CASEWORK,
        ("GET", _CASE + "/refer"): Permission.REFER,
        ("POST", _CASE + "/refer/preview"): Permission.REFER,
        ("POST", _CASE + "/refer"): Permission.REFER,
        ("POST", _CASE + "/referrals/{referral}/revoke"): Permission.REFER,
        ("GET", "/partners"): Permission.REFER,
        ("GET", "/partners/own-card"): Permission.REFER,
        ("POST", "/partners"): Permission.MANAGE_PARTNERS,
        ("POST", "/partners/{partner}/confirm"): Permission.MANAGE_PARTNERS,
        ("POST", "/partners/{partner}/remove"): Permission.MANAGE_PARTNERS,
        ("GET", "/partners/statistics"): Permission.EXPORT,
        ("POST", "/partners/statistics"): Permission.EXPORT,
        ("GET", "/referrals"): Permission.REFER,
        ("POST", "/referrals"): Permission.REFER,
        ("GET", "/received/{received}"): Permission.REFER,
        ("GET", "/received/{received}/sounds/{sound}.wav"): Permission.REFER,
        ("POST", "/received/{received}/reply"): Permission.REFER,
        ("GET", "/board"): Permission.CASEWORK,
        ("GET", "/board-list"): Permission.CASEWORK,
        ("POST", _CASE + "/merge"): Permission.CASEWORK,
        ("POST", _CASE + "/messages/{id}"): Permission.CASEWORK,
        ("GET", "/vessels"): Permission.READ,
        ("GET", _VESSEL): Permission.READ,
        ("POST", _VESSEL + "/confirm"): Permission.CONFIRM_VESSELS,
        ("GET", "/evidence"): Permission.EXPORT,
        ("POST", "/evidence/options"): Permission.EXPORT,
        ("POST", "/evidence/preview"): Permission.EXPORT,
        ("POST", "/evidence/pack"): Permission.EXPORT,
        ("POST", "/export/table"): Permission.EXPORT,
        ("GET", "/people"): Permission.MANAGE_PEOPLE,
        ("POST", "/people"): Permission.MANAGE_PEOPLE,
        ("GET", _PERSON): Permission.MANAGE_PEOPLE,
        ("POST", _PERSON + "/role"): Permission.MANAGE_PEOPLE,
        ("POST", _PERSON + "/start"): Permission.MANAGE_PEOPLE,
        ("POST", _PERSON + "/second-factor"): Permission.MANAGE_PEOPLE,
        ("POST", _PERSON + "/revoke"): Permission.MANAGE_PEOPLE,
    }
)


def access_to(method: str, route: str) -> Access | Permission | None:
    """Return what a route asks for; None for one that is not served."""
    return ROUTES.get(("GET" if method == "HEAD" else method, route))
