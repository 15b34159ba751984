"""All vessels: which of them a packet may come from, and their links, built when they are needed."""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping

from protocol import rekey
from protocol.errors import NotAuthentic, RemoteError, UnknownKey
from protocol.ids import DeskId, DeskKeyId, VesselId
from protocol.linkguard import read_key_id
from protocol.links import LinkProfile
from protocol.rekey import RekeyRequest
from shore_relay.relay.errors import FleetFull, UnknownVessel, VesselRevoked
from shore_relay.relay.pace import Allowance
from shore_relay.relay.settings import Settings
from shore_relay.relay.store.repository import Desk, Directory, Repository
from shore_relay.relay.store.writer import GROUP_MAX
from shore_relay.relay.surroundings import Clock, Surroundings, WallClock
from shore_relay.relay.vessels import VesselLink

_LOOKUPS_PER_SECOND = 50
_CHECKS_PER_SECOND = 500
_REKEYS_PER_SECOND = 50
"""Strangers may make us work this much: a look into the store, a tag, an X25519."""
_SHARED_LOOKUPS_PER_SECOND = 500
"""Vessels that come over from another relay have key ids that only the store knows."""


class Fleet:
    """Finds, builds and forgets vessels' links, and knows the desks. Make it with `Fleet.load`."""

    def __init__(
        self,
        store: Repository,
        settings: Settings,
        *,
        clock: Clock,
        wall: WallClock,
        entropy: Callable[[int], bytes],
        rekey_private: bytes,
        refusals: Counter[str],
    ) -> None:
        self._store = store
        self._clock = clock
        self._entropy = entropy
        self._rekey_private = rekey_private
        self._awake_max = settings.vessels_in_memory_max
        self._directory = Directory()
        self._on_dispatch: Callable[[VesselId], None] = _nobody_listens
        self._links: dict[VesselId, VesselLink] = {}
        self._awake: OrderedDict[VesselId, VesselLink] = OrderedDict()
        """Links whose engine was built, in the order in which they were asked for; some sleep again."""
        self._vessels_by_key: dict[bytes, set[VesselId]] = {}
        self._keys_by_vessel: dict[VesselId, tuple[bytes, ...]] = {}
        lookups = _SHARED_LOOKUPS_PER_SECOND if store.shared else _LOOKUPS_PER_SECOND
        self._lookups = Allowance(burst=lookups, per_second=lookups)
        self._checks = Allowance(burst=_CHECKS_PER_SECOND, per_second=_CHECKS_PER_SECOND)
        self._rekeys = Allowance(burst=_REKEYS_PER_SECOND, per_second=_REKEYS_PER_SECOND)
        self._surroundings = Surroundings(
            store=store,
            clock=clock,
            wall=wall,
            routable=self._routable,
            index=self._index,
            make_room=self._make_room,
            refusals=refusals,
            shared=store.shared,
            held_bytes_max=settings.held_bytes_per_vessel_max,
            store_retry_s=settings.store_retry_s,
        )

    async def load(self) -> None:
        """Learn all key ids and desks from the store; call it once, before anything else."""
        for key_id, vessel in await self._store.key_index():
            self._vessels_by_key.setdefault(key_id, set()).add(vessel)
            self._keys_by_vessel[vessel] = (*self._keys_by_vessel.get(vessel, ()), key_id)
        await self.refresh_directory()

    # --- desks ----------------------------------------------------------------------------------------------

    async def refresh_directory(self) -> None:
        """Notice desks and keys that an admin, or a desk, has added meanwhile."""
        if await self._store.directory_revision() != self._directory.revision:
            self._directory = await self._store.directory()

    async def desk(self, desk: DeskId) -> Desk | None:
        """Return a desk, also one that was added a moment ago."""
        if desk not in self._directory.desks and self._lookups.take(self._clock()):
            await self.refresh_directory()
        return self._directory.desks.get(desk)

    def _routable(self, key_id: DeskKeyId) -> bool:
        return key_id in self._directory.key_ids

    # --- who is it? -----------------------------------------------------------------------------------------

    def known(self, key_id: bytes) -> frozenset[VesselId]:
        """Return the vessels that may use this key id, as far as memory tells: cheap enough for garbage."""
        return frozenset(self._vessels_by_key.get(key_id, ()))

    async def candidates(self, key_id: bytes) -> frozenset[VesselId]:
        """Return the vessels that may use this key id, also those added a moment ago."""
        if key_id not in self._vessels_by_key and self._lookups.take(self._clock()):
            for vessel in await self._store.vessels_with_key(key_id):
                self._index(vessel, (*self._keys_by_vessel.get(vessel, ()), key_id))
        return self.known(key_id)

    async def look_up(self, key_id: bytes) -> frozenset[VesselId]:
        """Return the vessels that may use this key id, for an operator, who may ask as often as he likes."""
        if key_id not in self._vessels_by_key:
            for vessel in await self._store.vessels_with_key(key_id):
                self._index(vessel, (*self._keys_by_vessel.get(vessel, ()), key_id))
        return self.known(key_id)

    async def recognise(self, packet: bytes) -> VesselLink:
        """Return whose first packet this is, without changing anything.

        Raises `UnknownKey` where no vessel has its key id, another `RemoteError` where the packet is not
        from the vessel it names, `FleetFull` and `StoreFailed`.
        """
        refused: RemoteError = UnknownKey("no vessel here has this key id")
        for vessel in await self.candidates(read_key_id(packet)):
            try:
                link = await self.link(vessel)
                await self.check(link, packet)
            except RemoteError as reason:
                refused = reason
                continue
            return link
        raise refused

    async def check(self, link: VesselLink, packet: bytes) -> None:
        """Raise a `RemoteError` unless this vessel made the packet."""
        if not self._checks.take(self._clock()):
            raise UnknownKey("too many strangers ask at once")
        await link.recognises(packet)

    async def answer_rekey(
        self, packet: bytes, profile: LinkProfile, *, only: VesselId | None = None
    ) -> bytes:
        """Return the answer to a vessel that asks for new keys; `only`: whose bearer the request came over.

        Raises a `RemoteError` where the request is none, or is not from a vessel of ours.
        """
        if not self._rekeys.take(self._clock()):
            raise UnknownKey("too many vessels ask for new keys at once")
        request = self.read_rekey(packet)
        if only is not None and request.vessel != only:
            raise NotAuthentic("this rekey request came over another vessel's modem")
        try:
            link = await self.link(request.vessel)
            return await link.answer_rekey(request, self._entropy, profile)
        except UnknownVessel as reason:
            raise UnknownKey("a vessel asks for new keys that was never added here") from reason

    def read_rekey(self, packet: bytes) -> RekeyRequest:
        """Return what a request for new keys says; raises a `RemoteError`."""
        return rekey.open_request(packet, self._rekey_private)

    def _index(self, vessel: VesselId, key_ids: tuple[bytes, ...]) -> None:
        for old in self._keys_by_vessel.get(vessel, ()):
            vessels = self._vessels_by_key.get(old, set())
            vessels.discard(vessel)
            if not vessels:
                self._vessels_by_key.pop(old, None)
        self._keys_by_vessel[vessel] = key_ids
        for key_id in key_ids:
            self._vessels_by_key.setdefault(key_id, set()).add(vessel)

    # --- links ----------------------------------------------------------------------------------------------

    async def link(self, vessel: VesselId) -> VesselLink:
        """Return a vessel's link; its engine is built at the first use.

        Raises `UnknownVessel`, or `VesselRevoked` where the operator has ended it.

        There is never a second link of one vessel, as two engines would use the same packet counters.
        """
        if vessel not in self._links:
            revoked = await self._store.is_revoked(vessel)
            if revoked is None:
                raise UnknownVessel("This relay has no vessel of that id.")
            if revoked:
                raise VesselRevoked("the operator has ended this vessel's link")
            # Its desk may be as new as the vessel.
            await self.refresh_directory()
            self._links.setdefault(vessel, VesselLink(vessel, self._surroundings))
        if vessel in self._awake:
            self._awake.move_to_end(vessel)
        return self._links[vessel]

    def _make_room(self, vessel: VesselId) -> None:
        """Note that this vessel's engine is built now, and let another go where there are too many.

        Each is looked at once before any is looked at again, so that a full house costs a newcomer little.
        """
        if len(self._awake) >= self._awake_max:
            self._awake = OrderedDict(
                (each, link) for each, link in self._awake.items() if link.awake and each != vessel
            )
        for _ in range(len(self._awake)):
            if len(self._awake) < self._awake_max:
                break
            each, link = self._awake.popitem(last=False)
            if not link.fall_asleep():
                self._awake[each] = link
        if len(self._awake) >= self._awake_max:
            raise FleetFull(
                f"{self._awake_max} vessels are connected, and no more may be; raise vessels_in_memory_max."
            )
        self._awake[vessel] = self._links[vessel]

    @property
    def awake(self) -> int:
        """How many vessels have an engine in memory."""
        return sum(link.awake for link in self._links.values())

    @property
    def connected(self) -> int:
        """How many vessels are there now, over a bearer that answers at once."""
        return sum(link.connected for link in self._links.values())

    async def revoked(self, vessel: VesselId) -> None:
        """End what a vessel that was just revoked has open here; the store says no to what comes next."""
        link = self._links.pop(vessel, None)
        if link is not None:
            await link.revoke()

    async def rotated(self, vessel: VesselId) -> None:
        """Let go of the keys of a vessel that has to ask for new ones; the store has its new state."""
        await self.revoked(vessel)
        self._index(vessel, ())

    def listen(self, on_dispatch: Callable[[VesselId], None]) -> None:
        """Tell a bearer that stores messages of every vessel for which a desk dispatched something."""
        self._on_dispatch = on_dispatch

    async def dispatched(self, vessel: VesselId) -> None:
        """Let a vessel's engine, if it has one, send what was just queued for it."""
        self._on_dispatch(vessel)
        link = self._links.get(vessel)
        if link is not None:
            await link.offer_waiting()

    def released(self, freed: Mapping[VesselId, int]) -> None:
        """Note which vessels' bytes a desk has taken."""
        for vessel, size_bytes in freed.items():
            link = self._links.get(vessel)
            if link is not None:
                link.release(size_bytes)

    async def catch_up(self) -> None:
        """Notice what came in through other relays on the same store for vessels that are connected here."""
        connected = [vessel for vessel, link in self._links.items() if link.connected]
        for vessel in await self._store.waiting(connected):
            await self.dispatched(vessel)
        for vessel in connected:
            link = self._links.get(vessel)
            if link is not None:
                await link.look_for_room()

    async def store_counts(self) -> None:
        """Store the byte counters of all links."""
        owing = [link for link in self._links.values() if link.owes_counts]
        # Together, so that they share commits.
        for start in range(0, len(owing), GROUP_MAX):
            await _all(link.store_counts() for link in owing[start : start + GROUP_MAX])


async def _all(doing: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them, then raise what the first that failed did."""
    for outcome in await asyncio.gather(*doing, return_exceptions=True):
        if outcome is not None:
            raise outcome


def _nobody_listens(_vessel: VesselId) -> None:
    """Do nothing where no bearer stores messages."""
