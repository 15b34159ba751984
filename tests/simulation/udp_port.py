"""The relay's port for datagrams: contacts that begin with a packet and end in silence."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol import linkguard
from protocol.errors import RemoteError
from protocol.ids import VesselId
from protocol.linkguard import Form, read_flags, read_key_id
from shore_relay.relay.vessels import Contact, is_authentic
from tests.simulation.inline import run
from tests.simulation.sky import Bearer, Connection

if TYPE_CHECKING:
    from tests.simulation.shore import Shore

HINT_INTERVAL_S = 10.0


@dataclass(slots=True, kw_only=True)
class Open:
    """One contact with one vessel."""

    contact: Contact
    bearer: Bearer
    connection: Connection | None
    heard_s: float
    is_new: bool = True
    """Whether nothing was asked of it yet."""


class UdpPort:
    """Serves datagrams for one relay."""

    def __init__(self, shore: "Shore") -> None:
        self._shore = shore
        self._hinted_s = -1e9

    def take(self, bearer: Bearer, packet: bytes) -> None:
        """Take a datagram, for whichever vessel it opens."""
        try:
            form, _ = read_flags(packet)
            if form is Form.REKEY_REQUEST:
                self._shore.put(bearer, run(self._shore.fleet.answer_rekey(packet, bearer.link)))
                return
            candidates = sorted(run(self._shore.fleet.candidates(read_key_id(packet))))
            if not candidates:
                self._hint(bearer, read_key_id(packet))
            for vessel in candidates:
                self._hear(vessel, bearer, packet)
        except RemoteError:
            return

    def _hint(self, bearer: Bearer, key_id: bytes) -> None:
        if self._shore.world.now_s - self._hinted_s >= HINT_INTERVAL_S:
            self._hinted_s = self._shore.world.now_s
            self._shore.world.say("relay does not know the key")
            self._shore.put(bearer, linkguard.unknown_key_hint(key_id))

    def _hear(self, vessel: VesselId, bearer: Bearer, packet: bytes) -> None:
        name = bearer.link.name
        found = self._shore.opened.setdefault(vessel, {}).get(name)
        if found is None or found.contact.ended:
            link = run(self._shore.fleet.link(vessel))
            run(self._shore.fleet.check(link, packet))
            contact = run(link.open_contact(bearer.link))
            found = Open(contact=contact, bearer=bearer, connection=None, heard_s=self._shore.world.now_s)
            self._shore.opened[vessel][name] = found
            self._watch_idle(vessel, found)
        refused = run(found.contact.receive([packet], [len(packet)]))
        if is_authentic(refused):
            found.heard_s = self._shore.world.now_s
            found.bearer = bearer
        if not refused:
            self._shore.accepted.append((vessel, name, packet))

    def _watch_idle(self, vessel: VesselId, found: Open) -> None:
        def look() -> None:
            if (
                found.contact.ended
                or self._shore.opened.get(vessel, {}).get(found.bearer.link.name) is not found
            ):
                return
            idle_s = found.heard_s + self._shore.settings.udp_idle_s - self._shore.world.now_s
            if idle_s > 0:
                self._shore.world.after(idle_s, look)
                return

            def end() -> None:
                del self._shore.opened[vessel][found.bearer.link.name]
                run(found.contact.close())

            self._shore.enter(vessel, end)

        self._shore.world.after(self._shore.settings.udp_idle_s, look)
