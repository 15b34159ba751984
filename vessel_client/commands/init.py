"""`seavoice-vessel init FILE`: makes this machine the box of one vessel."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from protocol import bundle as bundles
from protocol.bundle import Introduction
from protocol.deskkeys import key_in_use
from protocol.documents import MalformedDocument
from protocol.frames import Priority
from protocol.ids import UnixSeconds
from protocol.linkguard import GuardState, rekey_secret
from protocol.origin import public_half
from protocol.provisioning import Provisioning, read_provisioning
from vessel_client.clocks import require_clock
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.errors import AlreadyInitialised, UnreadableFile, WrongProvisioning
from vessel_client.machine import machine_mark
from vessel_client.queue_request import REFERENCE_BYTES
from vessel_client.store import guard, outbox
from vessel_client.store.box import Box, has_box, insert_box
from vessel_client.store.copied import note_machine
from vessel_client.store.database import create_file, open_database
from vessel_client.store.outbox import NewBundle

_FILE_BYTES_MAX = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InitArguments:
    """What the user asked for."""

    file: Path


def run(arguments: InitArguments, surroundings: Surroundings) -> None:
    """Take the provisioning file.

    Raises: UnreadableFile, WrongProvisioning, ClockWrong, KeyExpired, AlreadyInitialised, StoreFailed.
    """
    provisioning = _read(arguments.file)
    now = surroundings.wall_clock()
    require_clock(provisioning.issued_at, now)
    key_in_use(provisioning.desk.keys, now)
    box = asyncio.run(_initialise(surroundings.settings.data_dir, provisioning, now))
    say(f"This is now the box of {box.vessel_name}; its messages go to {box.desk_name}.")
    say(f"Fingerprint of the box: {box.fingerprint}")
    say("Read it to the desk, so that they can confirm it. Then destroy the provisioning file")
    say("and start the box with `seavoice-vessel serve`.")


def _read(path: Path) -> Provisioning:
    try:
        with path.open("rb") as file:
            data = file.read(_FILE_BYTES_MAX)
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be read: {reason.strerror}.") from reason
    try:
        provisioning = read_provisioning(data)
    except MalformedDocument as reason:
        raise WrongProvisioning(
            f"{reason} Ask the relay's operator for the file that `seavoice-relay vessel add` writes."
        ) from reason
    if not provisioning.addresses or not provisioning.desk.keys:
        raise WrongProvisioning(
            "This provisioning file names no relay address or no desk key. "
            "Ask the relay's operator for another."
        )
    return provisioning


async def _initialise(data_dir: Path, provisioning: Provisioning, now: UnixSeconds) -> Box:
    box = Box(
        vessel=provisioning.vessel,
        vessel_name=provisioning.vessel_name,
        issued_at=provisioning.issued_at,
        box_private=X25519PrivateKey.generate().private_bytes_raw(),
        relay_public=provisioning.relay_public,
        rekey_key=rekey_secret(provisioning.link_secret),
        addresses=provisioning.addresses,
        desk_name=provisioning.desk.name,
        desk_signing_public=provisioning.desk.signing_public,
        desk_keys_issued_at=UnixSeconds(0),
        desk_keys=provisioning.desk.keys,
        operator_public=provisioning.operator_public,
    )
    create_file(data_dir)
    database = await open_database(data_dir)
    try:
        async with database.transaction() as connection:
            if await has_box(connection):
                raise AlreadyInitialised(
                    f"{data_dir} belongs to a box already, and what is queued there would be lost. "
                    "Use another folder with --data, or move this one away."
                )
            await insert_box(connection, box)
            await note_machine(connection, machine_mark(data_dir))
            await guard.save_guard(connection, GuardState(secret=provisioning.link_secret))
            data = bundles.encode(Introduction(box_public=public_half(box.box_private)))
            new = NewBundle(
                ref=secrets.token_bytes(REFERENCE_BYTES),
                digest=hashlib.sha256(data).digest(),
                desk_key=b"",
                priority=Priority.TEXT,
                queued_at=now,
                expires_at=None,
            )
            await outbox.insert_bundle(connection, await outbox.next_number(connection), new, data)
    finally:
        await database.close()
    return box
