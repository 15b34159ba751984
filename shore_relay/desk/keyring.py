"""The desk's keys on the disk: unlocked by a person's passphrase, followed while others change them."""

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.ids import UnixSeconds
from shore_relay.desk.actor import Role
from shore_relay.desk.errors import (
    AlreadyInitialised,
    DamagedKeyring,
    KeysMoved,
    NotInitialised,
    UnreadableFile,
    WhichPerson,
    WrongPassphrase,
)
from shore_relay.desk.people import ring as rings
from shore_relay.desk.people.keyfile import KeyFile, open_keyfile, read_keyfile, write_keyfile
from shore_relay.desk.people.keys import DeskKeys
from shore_relay.desk.people.legacy import LegacyFile, upgraded
from shore_relay.desk.people.person import FOUNDER_ID, FOUNDER_NAME, Person, is_same_name
from shore_relay.desk.people.ring import Change, Ring
from shore_relay.desk.people.wrapping import (
    SALT_BYTES,
    Slot,
    derive,
    open_private,
    open_team,
    wrong_passphrase,
)
from shore_relay.desk.vault import STORE_KEY_BYTES

FILE_NAME = "keyring.json"
_LOCK_NAME = "keyring.lock"

_Stamp = tuple[int, int, int]


class Keyring:
    """The open file: gives the keys as they are on the disk now, and writes changes.

    It remembers the private keys, not the passphrases, of those who logged in while it is open, and with them
    finds the team key again after another process has renewed it.
    """

    def __init__(
        self, path: Path, ring: Ring, stamp: _Stamp, person: bytes, privates: dict[bytes, bytes]
    ) -> None:
        self._path = path
        self._state = ring, stamp
        self._person = person
        self._privates = privates

    def __repr__(self) -> str:
        return f"Keyring({str(self._path)!r})"

    @classmethod
    def create(
        cls,
        data: Path,
        passphrase: str,
        name: str,
        now: UnixSeconds,
        valid_s: int,
        person: str = FOUNDER_NAME,
    ) -> "Keyring":
        """Make a new desk's keys and its first administrator, and write them.

        Raises: AlreadyInitialised, NoPassphrase, BadName, UnreadableFile.
        """
        path = data / FILE_NAME
        if path.exists():
            raise AlreadyInitialised(
                f"There is a desk in {data} already; name another folder with --data, or use this desk."
            )
        bare = DeskKeys(
            name=name,
            signing_private=Ed25519PrivateKey.generate().private_bytes_raw(),
            store_keys=(secrets.token_bytes(STORE_KEY_BYTES),),
            epochs=(),
        )
        empty = Ring(team_key=rings.new_team_key(), keys=bare.with_new_epoch(now, valid_s), slots=())
        ring = rings.add(
            empty, person, Role.ADMINISTRATOR, passphrase, now, must_choose=False, person=FOUNDER_ID
        )
        write_keyfile(path, ring)
        return cls(path, ring, _stamp(path), FOUNDER_ID, {})

    @classmethod
    def unlock(cls, data: Path, passphrase: str, person: str = "") -> "Keyring":
        """Open a desk's keys as the person of this name, or as the only one there is.

        Takes a good tenth of a second and 64 MiB for each person, on purpose.
        Raises: NotInitialised, WrongPassphrase, WhichPerson, DamagedKeyring, UnreadableFile.
        """
        path = data / FILE_NAME
        stamp = _stamp(path)
        file = read_keyfile(path)
        if isinstance(file, LegacyFile):
            return cls._upgrade(data, passphrase, person)
        holders = [slot for slot in file.slots if slot.team_sealed]
        if not person and len(holders) > 1:
            raise WhichPerson(
                "Several people work at this desk: say who you are with --person NAME, "
                "or with SEAVOICE_DESK_PERSON."
            )
        opened = _open_slots(file, holders, passphrase, person)
        if opened is None:
            raise wrong_passphrase()
        slot, private, ring = opened
        return cls(path, ring, stamp, slot.person, {slot.person: private})

    @classmethod
    def recovered(cls, data: Path, recovery_private: bytes, admit: Change) -> "Keyring | None":
        """Open a desk's keys with the key of its recovery kit and let somebody in, the last of `keys.people`.

        None where this is not the key of the desk's present kit. Raises as `unlock`, and as `admit`.
        """
        path = data / FILE_NAME
        with _locked(path):
            file = read_keyfile(path)
            if isinstance(file, LegacyFile):
                return None
            team_key = open_team(file.recovery_sealed, recovery_private, rings.RECOVERY_HOLDER)
            ring = open_keyfile(file, team_key) if team_key else None
            if ring is None:
                return None
            ring = admit(ring)
            write_keyfile(path, ring)
            return cls(path, ring, _stamp(path), ring.keys.people[-1].id, {})

    @classmethod
    def _upgrade(cls, data: Path, passphrase: str, person: str) -> "Keyring":
        if person and not is_same_name(person, FOUNDER_NAME):
            raise wrong_passphrase()
        path = data / FILE_NAME
        with _locked(path):
            file = read_keyfile(path)
            if isinstance(file, LegacyFile):
                write_keyfile(path, upgraded(file, passphrase))
        return cls.unlock(data, passphrase, person)

    @property
    def keys(self) -> DeskKeys:
        """The keys as they are on the disk now, since another command may have changed them.

        Raises: KeysMoved, DamagedKeyring, NotInitialised, UnreadableFile.
        """
        return self._fresh().keys

    @property
    def name(self) -> str:
        """The desk's name, which never changes."""
        return self._state[0].keys.name

    @property
    def last_known(self) -> DeskKeys:
        """The keys as they were last seen: enough to know names by, when the keys have moved."""
        try:
            return self.keys
        except KeysMoved:
            return self._state[0].keys

    @property
    def person(self) -> Person:
        """Whoever's passphrase opened it; raises `UnknownPerson` once that person has left, and as `keys`."""
        return rings.working(self.keys, self._person)

    def change(self, change: Change) -> Ring:
        """Change what is on the disk now, wholly or not at all, and return it.

        Raises: UnreadableFile, as `keys`, and whatever `change` raises.
        """
        with _locked(self._path):
            ring = change(self._fresh())
            write_keyfile(self._path, ring)
            self._state = ring, _stamp(self._path)
            return ring

    def admit(self, name: str, passphrase: str) -> Person:
        """Return the person who logs in, and remember their way to the team key.

        Raises: WrongPassphrase (also for a name that nobody has), KeysMoved, and as `keys`.
        """
        file = read_keyfile(self._path)
        assert isinstance(file, KeyFile), "an open keyring has been upgraded"
        try:
            known = self.keys.named(name)
        except KeysMoved:
            # Whoever comes now may hold the new keys; the names are in what only they can open.
            return self._revived(file, name, passphrase)
        slot = next((slot for slot in file.slots if known and slot.person == known.id), None)
        if known is None or slot is None:
            # As slow as for a name that somebody has, so that trying tells nobody who works here.
            derive(passphrase, secrets.token_bytes(SALT_BYTES))
            raise wrong_passphrase()
        private = open_private(slot, passphrase)
        if slot.team_sealed:
            self._privates[known.id] = private
        return known

    def renew_private(self, person: bytes, passphrase: str) -> None:
        """Remember somebody's way to the team key after their passphrase has changed; raises as `admit`."""
        file = read_keyfile(self._path)
        assert isinstance(file, KeyFile), "an open keyring has been upgraded"
        for slot in file.slots:
            if slot.person == person and slot.team_sealed:
                self._privates[person] = open_private(slot, passphrase)

    def _revived(self, file: KeyFile, name: str, passphrase: str) -> Person:
        opened = _open_slots(file, [slot for slot in file.slots if slot.team_sealed], passphrase, name)
        if opened is None:
            raise wrong_passphrase()
        slot, private, _ = opened
        self._privates[slot.person] = private
        return rings.working(self.keys, slot.person)

    def _fresh(self) -> Ring:
        ring, known = self._state
        stamp = _stamp(self._path)
        if stamp == known:
            return ring
        file = read_keyfile(self._path)
        if isinstance(file, LegacyFile):
            raise DamagedKeyring(f"{self._path} was replaced by an older one; restore it from its backup.")
        found = open_keyfile(file, ring.team_key) or self._reopened(file)
        if found is None:
            raise KeysMoved(
                "The team's keys were renewed by another command, and nobody who is logged in here holds the "
                "new ones. Log in on the page, or start `seavoice-desk serve` again."
            )
        self._state = found, stamp
        return found

    def _reopened(self, file: KeyFile) -> Ring | None:
        for slot in file.slots:
            private = self._privates.get(slot.person)
            team_key = open_team(slot.team_sealed, private, slot.person) if private else None
            if team_key is not None:
                return open_keyfile(file, team_key)
        return None


def _open_slots(
    file: KeyFile, slots: Iterable[Slot], passphrase: str, name: str
) -> tuple[Slot, bytes, Ring] | None:
    for slot in slots:
        try:
            private = open_private(slot, passphrase)
        except WrongPassphrase:
            continue
        team_key = open_team(slot.team_sealed, private, slot.person)
        ring = open_keyfile(file, team_key) if team_key else None
        if ring is None:
            raise DamagedKeyring(
                "The keyring's parts do not belong together: it was put together from several, or changed. "
                "Restore it from its backup."
            )
        # Two people may have chosen the same passphrase; the name decides.
        if not name or is_same_name(rings.working(ring.keys, slot.person).name, name):
            return slot, private, ring
    return None


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except FileNotFoundError:
        return 0, 0, 0
    except OSError as reason:
        raise NotInitialised(f"{path} is gone; restore the data folder from its backup.") from reason
    return found.st_mtime_ns, found.st_ino, found.st_size


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold off every other process that would change the file; what it reads inside stays so."""
    lock = path.with_name(_LOCK_NAME)
    try:
        file = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as reason:
        raise UnreadableFile(f"{lock} cannot be opened: {reason.strerror}. Check its folder.") from reason
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
