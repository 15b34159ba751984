"""What an operator does: make a relay, add desks and vessels, look. Works while the relay serves."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import bundle as bundles
from protocol import limits
from protocol.bundle import OperatorSettings
from protocol.caps import SignedCap, sign_caps
from protocol.chains import sign_chain
from protocol.deskfeed import Dispatch
from protocol.documents import MalformedDocument
from protocol.frames import Priority
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.linkguard import GuardState, LinkGuard, rekey_secret
from protocol.links import Side
from protocol.origin import public_half
from protocol.provisioning import DeskCard, Provisioning, read_card, write_provisioning
from shore_relay.relay.bearers.sbd.gateway import check_imei
from shore_relay.relay.data_folder import (
    make_folder,
    removed_on_failure,
    write_secret,
    write_settings,
)
from shore_relay.relay.errors import CardUnreadable, NameTaken, SettingsInvalid, UnknownDesk, UnknownVessel
from shore_relay.relay.operator_api import asking
from shore_relay.relay.settings import Settings, load_settings
from shore_relay.relay.store.opening import create_store, open_store
from shore_relay.relay.store.repository import NewVessel, RelayStatus
from shore_relay.relay.store.sbd import SbdStore
from shore_relay.relay.store.sbd_rows import Via
from shore_relay.relay.store.sql_store import SqlStore

Entropy = Callable[[int], bytes]
Sign = Callable[[bytes, VesselId, UnixSeconds], OperatorSettings]

_NAME_CHARACTERS_MAX = 100
_CARD_BYTES_MAX = 100_000
_SIGNING_KEY_BYTES = 32
_REF_BYTES = 16


async def init(folder: Path, host: str, entropy: Entropy, now: UnixSeconds) -> bool:
    """Make a relay's folder, settings, database and key.

    Returns False where the settings name a database that other relays use already: this one joins them.

    Raises `AlreadyInitialised`, `OutputUnwritable`, `SettingsInvalid` or `StoreFailed`.
    """
    if not host or not all(character.isalnum() or character in ".-:" for character in host):
        raise SettingsInvalid("--host must be a host name or an address, without a port.")
    make_folder(folder)
    write_settings(folder, f"public_host = {json.dumps(host)}\n")
    new = await create_store(folder, load_settings(folder), entropy(limits.X25519_KEY_BYTES), now)
    async with await _opened(folder) as store:
        await store.operator_private(entropy(_SIGNING_KEY_BYTES))
    return new


async def _opened(folder: Path) -> SqlStore:
    return await open_store(folder, load_settings(folder))


async def add_desk(folder: Path, card_path: Path, now: UnixSeconds) -> tuple[DeskCard, bool]:
    """Add the desk of a card, or its new keys; return the card and whether the desk is new.

    Raises `CardUnreadable`, `NameTaken` and what opening the store raises.
    """
    card = _read_card(card_path)
    async with await _opened(folder) as store:
        return card, await store.add_desk(card, now)


def _read_card(path: Path) -> DeskCard:
    try:
        with path.open("rb") as file:
            data = file.read(_CARD_BYTES_MAX + 1)
    except OSError as reason:
        raise CardUnreadable(
            f"The desk card {path} cannot be read ({reason.strerror}); check its path."
        ) from reason
    if len(data) > _CARD_BYTES_MAX:
        raise CardUnreadable(f"{path} is too large for a desk card; ask the desk for the file that it wrote.")
    try:
        card = read_card(data)
    except MalformedDocument as reason:
        raise CardUnreadable(f"{path}: {reason}") from reason
    if not card.keys:
        raise CardUnreadable(f"{path} holds no key to seal to; ask the desk for a new card.")
    return card


async def add_vessel(
    folder: Path,
    settings: Settings,
    name: str,
    desk_name: str,
    output: Path,
    entropy: Entropy,
    now: UnixSeconds,
) -> Provisioning:
    """Add a vessel and write its provisioning file, for its owner's eyes alone.

    Raises `NameTaken`, `UnknownDesk`, `OutputUnwritable` and what opening the store raises.
    """
    check_vessel_name(name)
    async with await _opened(folder) as store:
        desk = find_desk(await store.desk_cards(), desk_name)
        provisioning = await new_provisioning(store, settings, name, desk, entropy, now)
        # The file comes first: a vessel whose file could not be written must not exist.
        write_secret(output, write_provisioning(provisioning))
        with removed_on_failure(output):
            await store.add_vessel(new_vessel(provisioning), now)
    return provisioning


def check_vessel_name(name: str) -> None:
    """Raise `NameTaken` for what can be no vessel's name."""
    if not 0 < len(name) <= _NAME_CHARACTERS_MAX or not name.isprintable():
        raise NameTaken(f"A vessel's name has 1 to {_NAME_CHARACTERS_MAX} printable characters.")


async def new_provisioning(
    store: SqlStore, settings: Settings, name: str, desk: DeskCard, entropy: Entropy, now: UnixSeconds
) -> Provisioning:
    """Return what a new box of this name needs; nothing is stored yet."""
    return Provisioning(
        vessel=VesselId(entropy(limits.VESSEL_ID_BYTES)),
        vessel_name=name,
        issued_at=now,
        link_secret=entropy(limits.LINK_SECRET_BYTES),
        relay_public=public_half(await store.rekey_private()),
        addresses=settings.addresses(),
        desk=desk,
        operator_public=_public(await store.operator_private(entropy(_SIGNING_KEY_BYTES))),
    )


async def cap_vessel(
    folder: Path,
    settings: Settings,
    name: str,
    caps: tuple[SignedCap, ...],
    entropy: Entropy,
    now: UnixSeconds,
) -> VesselId:
    """Queue caps for a vessel, in place of all that it had from shore before.

    Raises `UnknownVessel`, `SettingsInvalid`, `QueueOverfull` and what opening the store raises.
    """
    for cap in caps:
        _check_cap(cap)
    if len({cap.bearer for cap in caps}) != len(caps):
        raise SettingsInvalid("Name each bearer once: a vessel has one cap for it.")
    return await _send_signed(
        folder, settings, name, partial(sign_caps, caps), Priority.CHECK_IN, entropy, now
    )


async def send_chain(
    folder: Path,
    settings: Settings,
    name: str,
    chain: tuple[bytes, ...],
    entropy: Entropy,
    now: UnixSeconds,
) -> VesselId:
    """Queue a certificate for a vessel's phones, behind everything else that it gets.

    Raises `UnknownVessel`, `QueueOverfull` and what opening the store raises.
    """
    return await _send_signed(
        folder, settings, name, partial(sign_chain, chain), Priority.CLEAR_VOICE, entropy, now
    )


async def _send_signed(
    folder: Path,
    settings: Settings,
    name: str,
    sign: Sign,
    priority: Priority,
    entropy: Entropy,
    now: UnixSeconds,
) -> VesselId:
    async with await _opened(folder) as store:
        vessel, desk = await find_vessel(store, name)
        signer = await store.operator_private(entropy(_SIGNING_KEY_BYTES))
        bundle = sign(signer, vessel, now)
        await store.dispatch(
            desk,
            vessel,
            Dispatch(ref=entropy(_REF_BYTES), priority=priority, bundle=bundles.encode(bundle)),
            now,
            keys=None,
            most_bytes=settings.queued_bytes_per_vessel_max,
            from_operator=True,
        )
    async with asking(folder) as serving:
        if serving is not None:
            await serving.dispatched(vessel)
    return vessel


async def revoke_vessel(folder: Path, name: str, now: UnixSeconds, *, undo: bool) -> VesselId:
    """End a vessel's link at once, or let it be served again: what came before stays for its desk.

    Raises `UnknownVessel` and what opening the store raises.
    """
    async with await _opened(folder) as store:
        vessel, _ = await find_vessel(store, name)
        await store.set_revoked(vessel, UnixSeconds(0) if undo else now)
    async with asking(folder) as serving:
        if serving is not None and not undo:
            await serving.revoked(vessel)
    return vessel


async def find_vessel(store: SqlStore, name: str) -> tuple[VesselId, DeskId]:
    """Return a vessel and its desk by name or hexadecimal id; raises `UnknownVessel`."""
    found = await store.find_vessel(name)
    if found is None:
        raise UnknownVessel(
            f"This relay has no vessel {name}; see `seavoice-relay status` for the names that it knows."
        )
    return found


def _check_cap(cap: SignedCap) -> None:
    name = cap.bearer
    if not 0 < len(name) <= limits.BEARER_NAME_BYTES_MAX or not name.isascii() or not name.isprintable():
        raise SettingsInvalid(
            f'"{name}" can be no bearer; write the name that the vessel\'s settings have: tcp, udp.'
        )
    for amount in (cap.money_nano, cap.size_bytes):
        if amount is not None and not 0 <= amount <= limits.MONEY_NANO_MAX:
            raise SettingsInvalid(
                f"The cap for {name} must be 0 or more; leave it out where any amount may be spent."
            )


def _public(signing_private: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(signing_private).public_key().public_bytes_raw()


def find_desk(cards: tuple[DeskCard, ...], wanted: str) -> DeskCard:
    """Return the card of a desk by name or hexadecimal id; raises `UnknownDesk`."""
    for card in cards:
        if wanted in (card.name, card.id.hex()):
            return card
    known = ", ".join(card.name for card in cards) or "none yet"
    raise UnknownDesk(
        f"This relay knows no desk {wanted} (known: {known}); "
        "add it with `seavoice-relay desk add CARD.json`."
    )


def new_vessel(provisioning: Provisioning) -> NewVessel:
    """Return what the relay keeps: the link's first keys, and never the provisioned secret's other use."""
    guard = GuardState(secret=provisioning.link_secret)
    return NewVessel(
        vessel=provisioning.vessel,
        name=provisioning.vessel_name,
        desk=provisioning.desk.id,
        guard=guard,
        rekey_key=rekey_secret(provisioning.link_secret),
        key_ids=LinkGuard(guard, Side.RELAY, lambda _state: None).key_ids(),
    )


async def status(folder: Path) -> RelayStatus:
    """Return what the store knows of vessels, desks and refusals."""
    async with await _opened(folder) as store:
        return await store.status()


async def assign_modem(folder: Path, name: str, imei: str, via: Via, now: UnixSeconds) -> VesselId:
    """Say that a vessel has this modem, and no other.

    Raises `ModemRefused`, `UnknownVessel` and what opening the store raises.
    """
    imei = check_imei(imei)
    async with await _opened(folder) as store:
        return await SbdStore(store).assign_modem(name, imei, via, now)


async def remove_modem(folder: Path, name: str) -> VesselId:
    """Take a vessel's modem away: nothing that it sends is taken any more. Raises `UnknownVessel`."""
    async with await _opened(folder) as store:
        return await SbdStore(store).remove_modem(name)
