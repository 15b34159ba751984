"""New keys for a vessel's link, or a new box under the vessel's name; and a desk that is served no more."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from protocol import limits
from protocol.ids import DeskId, UnixSeconds, VesselId
from protocol.journal import GuardChanged
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import Side
from protocol.provisioning import Provisioning, write_provisioning
from shore_relay.relay.admin import find_desk, find_vessel, new_provisioning, new_vessel
from shore_relay.relay.data_folder import removed_on_failure, write_secret
from shore_relay.relay.operator_api import asking
from shore_relay.relay.settings import Settings, load_settings
from shore_relay.relay.store.changing import ChangeStore
from shore_relay.relay.store.opening import open_store
from shore_relay.relay.store.repository import LinkCommit
from shore_relay.relay.store.sql_store import SqlStore

Entropy = Callable[[int], bytes]


async def forget_link_keys(store: SqlStore, vessel: VesselId, entropy: Entropy, now: UnixSeconds) -> None:
    """Give a vessel's link keys that nobody has: the vessel then asks for new ones (SPEC §3.5).

    A relay that serves has to hear of it. Raises `StoreFailed`.
    """
    state = GuardState(secret=entropy(limits.LINK_SECRET_BYTES))
    key_ids = LinkGuard(state, Side.RELAY, lambda _state: None).key_ids()
    await store.commit_link(
        LinkCommit(
            vessel=vessel,
            at=now,
            bearer="",
            changes=(GuardChanged(state=state),),
            key_ids=key_ids,
            epoch=await store.epoch(vessel) or 0,
        )
    )


async def rotate_keys(folder: Path, name: str, entropy: Entropy, now: UnixSeconds) -> VesselId:
    """Have a vessel and this relay agree on new link keys at the next contact.

    Raises `UnknownVessel` and what opening the store raises.
    """
    async with await open_store(folder, load_settings(folder)) as store:
        vessel, _ = await find_vessel(store, name)
        was_revoked = await store.is_revoked(vessel)
        # What is open ends, and nothing new opens, so that nobody writes an old state behind ours.
        await store.set_revoked(vessel, now)
        async with asking(folder) as serving:
            if serving is not None:
                await serving.revoked(vessel)
            await forget_link_keys(store, vessel, entropy, now)
            if serving is not None:
                await serving.rotated(vessel)
            if not was_revoked:
                await store.set_revoked(vessel, UnixSeconds(0))
    return vessel


async def replace_box(
    folder: Path, settings: Settings, name: str, output: Path, entropy: Entropy, now: UnixSeconds
) -> Provisioning:
    """Write a provisioning file for a new box of a vessel; the old box is served no more, under a new name.

    A new box counts its messages from 1, so it is another vessel to everybody but people.
    Raises `UnknownVessel`, `OutputUnwritable`, `NameTaken` and what opening the store raises.
    """
    async with await open_store(folder, settings) as store:
        old, desk_id = await find_vessel(store, name)
        cards = await store.desk_cards()
        desk = find_desk(cards, desk_id.hex())
        (shown,) = (each.name for each in (await store.status()).vessels if each.vessel == old)
        provisioning = await new_provisioning(store, settings, shown, desk, entropy, now)
        write_secret(output, write_provisioning(provisioning))
        with removed_on_failure(output):
            changes = ChangeStore(store)
            day = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"
            await changes.rename_vessel(old, f"{shown} (until {day}, {old.hex()[:4]})")
            await store.add_vessel(new_vessel(provisioning), now)
            await store.set_revoked(old, now)
    async with asking(folder) as serving:
        if serving is not None:
            await serving.revoked(old)
    return provisioning


async def revoke_desk(folder: Path, name: str, now: UnixSeconds, *, undo: bool) -> DeskId:
    """Serve a desk no more, or again: what it has not fetched stays for it. Raises `UnknownDesk`."""
    async with await open_store(folder, load_settings(folder)) as store:
        desk = find_desk(await store.desk_cards(), name).id
        await ChangeStore(store).set_desk_revoked(desk, UnixSeconds(0) if undo else now)
    return desk
