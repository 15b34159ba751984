"""Who has logged in: a cookie for each browser, in memory only, so that a restart locks every page."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from shore_relay.relay.watch.accounts import Account

COOKIE = "seavoice-operator"
KNOWN_COOKIE = "seavoice-operator-known"
KNOWN_DAYS = 180
_TOKEN_BYTES = 32
_NONCE_BYTES = 16
_SESSIONS_MAX = 1_000

MonotonicClock = Callable[[], float]


@dataclass(slots=True, kw_only=True)
class Session:
    """One browser in which an operator has logged in."""

    name: str
    salt: bytes
    """Of the passphrase that let him in: a new passphrase ends every session under the old one."""
    form_token: str
    used_at: float


class Sessions:
    """The open sessions."""

    def __init__(self, idle_s_max: float, clock: MonotonicClock) -> None:
        self._idle_s_max = idle_s_max
        self._clock = clock
        self._open: dict[str, Session] = {}

    def begin(self, account: Account) -> str:
        """Open a session and return what goes into its cookie."""
        cookie = secrets.token_urlsafe(_TOKEN_BYTES)
        self._open[cookie] = Session(
            name=account.name,
            salt=account.salt,
            form_token=secrets.token_urlsafe(_TOKEN_BYTES),
            used_at=self._clock(),
        )
        while len(self._open) > _SESSIONS_MAX:
            del self._open[next(iter(self._open))]
        return cookie

    def find(self, cookie: str, *, is_use: bool) -> Session | None:
        """Return the session of a cookie unless it was idle for too long; a use keeps it open."""
        session = self._open.get(cookie)
        if session is None:
            return None
        now = self._clock()
        if now - session.used_at >= self._idle_s_max:
            self.end(cookie)
            return None
        if is_use:
            session.used_at = now
        return session

    def end(self, cookie: str) -> None:
        """Close a session."""
        self._open.pop(cookie, None)


def is_token(session: Session, given: str) -> bool:
    """Return whether a form came from a page of this session."""
    return hmac.compare_digest(session.form_token.encode(), given.encode(errors="surrogatepass"))


def known_value(account: Account, nonce: str = "") -> str:
    """Return what a browser keeps once this account has logged in; a new passphrase voids it."""
    nonce = nonce or secrets.token_hex(_NONCE_BYTES)
    proof = hmac.new(account.proof, nonce.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
    return f"{nonce}.{proof}"


def known_count(account: Account, cookie: str) -> bytes | None:
    """Return the key of a known browser's own count of failures, or None for one that is not known."""
    nonce, _, _ = cookie.partition(".")
    expected = known_value(account, nonce) if nonce else ""
    if not expected or not hmac.compare_digest(
        expected.encode(errors="surrogatepass"), cookie.encode(errors="surrogatepass")
    ):
        return None
    return b"browser " + nonce.encode()
