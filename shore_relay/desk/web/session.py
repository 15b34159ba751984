"""Who is at the page: a cookie that scripts cannot read for each login, and a token in each form."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

COOKIE = "seavoice-desk"
_TOKEN_BYTES = 32

MonotonicClock = Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A spoken answer that was not sent yet, packed. It ends with its session."""

    entry: int
    packed: bytes
    duration_ms: int


@dataclass(slots=True, kw_only=True)
class Session:
    """One browser in which somebody has logged in, or is half way through it."""

    person: bytes
    form_token: str
    used_at: float
    challenge: bytes = b""
    """What a passkey was last asked to sign."""
    code_secret: str = ""
    """A secret for one-time codes that is shown, and not yet proved to have arrived."""
    recordings: dict[str, Recording] = field(default_factory=dict)
    """By the name that is in the address of their page, oldest first."""


class Sessions:
    """The open sessions, in memory only: a restart locks every page."""

    def __init__(self, idle_s_max: float, clock: MonotonicClock) -> None:
        self._idle_s_max = idle_s_max
        self._clock = clock
        self._open: dict[str, Session] = {}

    def begin(self, person: bytes) -> str:
        """Open a session and return what goes into its cookie."""
        cookie = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[cookie] = Session(
            person=person, form_token=secrets.token_urlsafe(_TOKEN_BYTES), used_at=self._clock()
        )
        return cookie

    def find(self, cookie: str, *, is_use: bool = True) -> Session | None:
        """Return the session of a cookie unless it was idle for too long; a use keeps it open."""
        now = self._clock()
        self._open = {
            key: session for key, session in self._open.items() if now - session.used_at < self._idle_s_max
        }
        session = self._open.get(cookie)
        if session is not None and is_use:
            session.used_at = now
        return session

    def end(self, cookie: str) -> None:
        """Close a session."""
        self._open.pop(cookie, None)

    def end_person(self, person: bytes, *, but: str = "") -> None:
        """Close every session of somebody, except the one of the cookie `but`."""
        self._open = {
            key: session for key, session in self._open.items() if session.person != person or key == but
        }

    @property
    def any_open(self) -> bool:
        """Whether anybody is still logged in."""
        return bool(self._open)


def is_token(session: Session, given: str) -> bool:
    """Return whether a form came from a page of this session."""
    return hmac.compare_digest(session.form_token.encode(), given.encode(errors="surrogatepass"))
