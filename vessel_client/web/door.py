"""The door for phones: https, opened once there is a certificate, and renewed without a stop.

Nothing that is wrong with a certificate may keep the box from carrying messages: it is said in the log, by
`doctor` and on the technician's page, plain http goes on, and the door looks again a minute later.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from protocol.documents import Json
from vessel_client.errors import CertificateUnusable, PortInUse, StoreFailed, UnreadableFile
from vessel_client.log import log_event
from vessel_client.settings import Settings
from vessel_client.web.certificate import (
    Facts,
    facts_of_chain,
    install,
    join_chain,
    load_into,
    make_context,
    read_facts,
    state_of,
)
from vessel_client.web.listen import listen, shown_host

LOOK_EVERY_S = 60.0

FindChain = Callable[[], Awaitable[tuple[bytes, ...]]]

_Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(slots=True, kw_only=True)
class Door:
    """Where phones come in. `find_chain` gives the newest certificates from shore, or nothing."""

    settings: Settings
    find_chain: FindChain
    look_every_s: float = LOOK_EVERY_S
    facts: Facts | None = None
    """Of the certificate that is served; None while none is."""
    url: str = ""
    problem: str = ""
    """One sentence for the technician; empty where all is well."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set it to have the door look at once."""
    _context: ssl.SSLContext | None = None
    _stamp: _Stamp | None = None
    _refused: tuple[bytes, ...] = ()
    _refusal: str = ""

    def names(self) -> frozenset[str]:
        """Return the names under which phones may come in."""
        return self.facts.names if self.facts is not None else frozenset()

    def describe(self, now: int) -> dict[str, Json]:
        """Return what the status tells of it at `now`, in Unix seconds."""
        names: list[Json] = [*sorted(self.names())]
        return {
            "names": names,
            "url": self.url,
            "state": state_of(self.facts, now).value,
            "not_after": None if self.facts is None else self.facts.not_after,
            "problem": self.problem,
        }

    async def follow(self, runner: web.AppRunner) -> None:
        """Look again and again."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.asked.wait(), self.look_every_s)
            self.asked.clear()
            await self.look(runner)

    async def look(self, runner: web.AppRunner) -> None:
        """Take what is new, from shore or in the files, and begin to listen once there is a certificate."""
        refusal = ""
        try:
            refusal = await self._take_chain()
            self._take_files()
            if self._context is not None and not self.url:
                self.url = await self._open(runner, self._context)
            self._say(refusal)
        except (CertificateUnusable, PortInUse, UnreadableFile, StoreFailed) as reason:
            # What came from shore and does not fit is the nearer reason for there being none.
            self._say(refusal or str(reason))

    async def _take_chain(self) -> str:
        """Install the chain from shore if it is newer than the one in use; return why not, or ""."""
        chain, files = await self.find_chain(), self.settings.certificate_files()
        if not chain or facts_of_chain(chain).not_before <= _begins(files.certificate):
            # Nothing came, or it is the one in use, or somebody has installed a newer one on board.
            return ""
        if chain != self._refused:
            try:
                install(join_chain(chain), files)
            except CertificateUnusable as reason:
                # The one in use stays; the sentence too, until something better comes.
                self._refused, self._refusal = chain, str(reason)
            else:
                return ""
        return self._refusal

    def _take_files(self) -> None:
        files = self.settings.certificate_files()
        stamp = tuple(_stamp(path) for path in (files.certificate, files.key))
        if stamp == self._stamp and self._context is not None:
            return
        if stamp[0] is None:
            raise CertificateUnusable(
                "Phones have no https yet: the certificate has not come. Have the request signed on shore "
                "that `seavoice-vessel certificate request` wrote."
            )
        facts = read_facts(files.certificate)
        # First into a context of its own: half of a new pair must not end up in the one that is served.
        made = make_context(files)
        if self._context is None:
            self._context = made
        else:
            # New connections use it at once, those that stand are not touched.
            load_into(self._context, files)
        self.facts, self._stamp = facts, stamp
        log_event("certificate-taken", not_after=facts.not_after)

    async def _open(self, runner: web.AppRunner, context: ssl.SSLContext) -> str:
        host, port = self.settings.api_tls_host, self.settings.api_tls_port
        taken = len(runner.addresses)
        site = web.TCPSite(runner, host or None, port, ssl_context=context)
        await listen(site, host or "this machine", port, "api_tls_port")
        name = min(self.names(), default=host or "localhost")
        return f"https://{shown_host(name)}:{runner.addresses[taken][1]}"

    def _say(self, problem: str) -> None:
        if problem and problem != self.problem:
            log_event("phones-problem", problem=problem)
        self.problem = problem


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _begins(path: Path) -> int:
    try:
        return read_facts(path).not_before
    except CertificateUnusable:
        # Whatever lies there, a certificate from shore is better.
        return 0
