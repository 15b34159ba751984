"""The keyring's file, format 2: the secrets under the team key, and one slot for each person.

The encrypted part is bound to the slots, so that a slot put back, taken out or exchanged is found. In clear
stand ids, salts and sizes, and so how many people there are; no name, no role, no address.
"""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from protocol import limits
from protocol.documents import Json, MalformedDocument, Reader, dump, load, to_text
from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Role
from shore_relay.desk.errors import DamagedKeyring, NotInitialised, UnreadableFile
from shore_relay.desk.people.keys import DeskKeys, RecoveryKit
from shore_relay.desk.people.legacy import FORMAT_1, LegacyFile, read_epoch, read_legacy
from shore_relay.desk.people.person import PASSKEYS_MAX, PERSON_ID_BYTES, Passkey, Person
from shore_relay.desk.people.ring import Ring
from shore_relay.desk.people.wrapping import NONCE_BYTES, SALT_BYTES, Slot
from shore_relay.desk.vault import STORE_KEY_BYTES

FORMAT_2 = "seavoice desk keyring 2"

_EPOCHS_MAX = 1_000
_PEOPLE_MAX = 1_000
_GENERATIONS_MAX = 1_000
_SMALL_BYTES_MAX = 2_000
_SEALED_BYTES_MAX = 2_000_000
_KEYRING = "The desk's keyring"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyFile:
    """What the file says without any key."""

    slots: tuple[Slot, ...]
    recovery_sealed: bytes
    sealed: bytes


def read_keyfile(path: Path) -> KeyFile | LegacyFile:
    """Read the file; raises `NotInitialised`, `DamagedKeyring`, `UnreadableFile`."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise NotInitialised(
            f"There is no desk in {path.parent}; make one with `seavoice-desk init --name NAME`, "
            "or name its folder with --data."
        ) from None
    except OSError as reason:
        raise UnreadableFile(f"{path} cannot be read: {reason.strerror}. Check who owns it.") from reason
    try:
        reader = load(data, _KEYRING)
        found = reader.text("format")
        if found not in (FORMAT_1, FORMAT_2):
            raise DamagedKeyring(f"{path} is of a kind that this version does not know: install a newer one.")
        with reader:
            return read_legacy(reader) if found == FORMAT_1 else _read_keyfile(reader)
    except MalformedDocument as reason:
        raise DamagedKeyring(f"{reason} Restore {path} from its backup.") from reason


def write_keyfile(path: Path, ring: Ring) -> None:
    """Write a ring, wholly or not at all; raises `UnreadableFile`."""
    fresh = path.with_suffix(".new")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_document(ring))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as reason:
        raise UnreadableFile(
            f"{path} cannot be written: {reason.strerror}. Make room or choose --data."
        ) from reason


def open_keyfile(file: KeyFile, team_key: bytes) -> Ring | None:
    """Return the ring, or None where the team key is another one, or the slots are."""
    nonce, sealed = file.sealed[:NONCE_BYTES], file.sealed[NONCE_BYTES:]
    try:
        plain = ChaCha20Poly1305(team_key).decrypt(nonce, sealed, _bound(file.slots, file.recovery_sealed))
    except (InvalidTag, ValueError):
        return None
    with load(plain, _KEYRING) as reader:
        keys = _read_keys(reader)
    return Ring(team_key=team_key, keys=keys, slots=file.slots, recovery_sealed=file.recovery_sealed)


def _document(ring: Ring) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    plain = dump(_write_keys(ring.keys))
    sealed = ChaCha20Poly1305(ring.team_key).encrypt(nonce, plain, _bound(ring.slots, ring.recovery_sealed))
    return dump(
        {"format": FORMAT_2}
        | _write_slots(ring.slots, ring.recovery_sealed)
        | {"sealed": to_text(nonce + sealed)}
    )


def _bound(slots: tuple[Slot, ...], recovery_sealed: bytes) -> bytes:
    written = dump({"format": FORMAT_2} | _write_slots(slots, recovery_sealed))
    return hashlib.sha256(written).digest()


def _write_slots(slots: tuple[Slot, ...], recovery_sealed: bytes) -> dict[str, Json]:
    return {
        "people": [
            {
                "person": slot.person.hex(),
                "salt": to_text(slot.salt),
                "private_sealed": to_text(slot.private_sealed),
                "team_sealed": to_text(slot.team_sealed),
            }
            for slot in slots
        ],
        "recovery_sealed": to_text(recovery_sealed),
    }


def _read_keyfile(reader: Reader) -> KeyFile:
    return KeyFile(
        slots=tuple(_read_slot(entry) for entry in reader.each("people", most=_PEOPLE_MAX)),
        recovery_sealed=reader.binary("recovery_sealed", most=_SMALL_BYTES_MAX),
        sealed=reader.binary("sealed", most=_SEALED_BYTES_MAX),
    )


def _read_slot(entry: Reader) -> Slot:
    with entry as reader:
        return Slot(
            person=reader.hexadecimal("person", size_bytes=PERSON_ID_BYTES),
            salt=reader.binary("salt", size_bytes=SALT_BYTES),
            private_sealed=reader.binary("private_sealed", most=_SMALL_BYTES_MAX),
            team_sealed=reader.binary("team_sealed", most=_SMALL_BYTES_MAX),
        )


def _write_keys(keys: DeskKeys) -> dict[str, Json]:
    kit = keys.recovery
    return {
        "name": keys.name,
        "signing_private": to_text(keys.signing_private),
        "store_keys": [{"key": to_text(key)} for key in keys.store_keys],
        "epochs": [
            {"private": to_text(e.private), "not_before": e.not_before, "not_after": e.not_after}
            for e in keys.epochs
        ],
        "people": [_write_person(person) for person in keys.people],
        "recovery": []
        if kit is None
        else [
            {"public": to_text(kit.public), "needed": kit.needed, "made": kit.made, "made_at": kit.made_at}
        ],
    }


def _read_keys(reader: Reader) -> DeskKeys:
    kits = [_read_kit(entry) for entry in reader.each("recovery", most=1)]
    return DeskKeys(
        name=reader.text("name"),
        signing_private=reader.binary("signing_private", size_bytes=32),
        store_keys=tuple(_read_store_key(e) for e in reader.each("store_keys", most=_GENERATIONS_MAX)),
        epochs=tuple(read_epoch(entry) for entry in reader.each("epochs", most=_EPOCHS_MAX)),
        people=tuple(_read_person(entry) for entry in reader.each("people", most=_PEOPLE_MAX)),
        recovery=kits[0] if kits else None,
    )


def _read_store_key(entry: Reader) -> bytes:
    with entry as reader:
        return reader.binary("key", size_bytes=STORE_KEY_BYTES)


def _read_kit(entry: Reader) -> RecoveryKit:
    with entry as reader:
        return RecoveryKit(
            public=reader.binary("public", size_bytes=limits.X25519_KEY_BYTES),
            needed=reader.integer("needed"),
            made=reader.integer("made"),
            made_at=UnixSeconds(reader.integer("made_at")),
        )


def _write_person(person: Person) -> dict[str, Json]:
    return {
        "id": person.id.hex(),
        "name": person.name,
        "role": person.role.value,
        "public": to_text(person.public),
        "added_at": person.added_at,
        "revoked_at": person.revoked_at or 0,
        "must_choose": int(person.must_choose),
        "code_secret": person.code_secret,
        "passkeys": [
            {
                "id": to_text(passkey.id),
                "public": to_text(passkey.public),
                "name": passkey.name,
                "added_at": passkey.added_at,
            }
            for passkey in person.passkeys
        ],
    }


def _read_person(entry: Reader) -> Person:
    with entry as reader:
        return Person(
            id=reader.hexadecimal("id", size_bytes=PERSON_ID_BYTES),
            name=reader.text("name"),
            role=_read_role(reader.text("role")),
            public=reader.binary("public", most=limits.X25519_KEY_BYTES),
            added_at=UnixSeconds(reader.integer("added_at")),
            revoked_at=UnixSeconds(reader.integer("revoked_at")) or None,
            must_choose=bool(reader.integer("must_choose", most=1)),
            code_secret=reader.text("code_secret"),
            passkeys=tuple(_read_passkey(each) for each in reader.each("passkeys", most=PASSKEYS_MAX)),
        )


def _read_role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError as reason:
        raise DamagedKeyring(
            f"The keyring has a role that this version does not know, {text}: install a newer one."
        ) from reason


def _read_passkey(entry: Reader) -> Passkey:
    with entry as reader:
        return Passkey(
            id=reader.binary("id", most=_SMALL_BYTES_MAX),
            public=reader.binary("public", most=_SMALL_BYTES_MAX),
            name=reader.text("name"),
            added_at=UnixSeconds(reader.integer("added_at")),
        )
