"""What the keyring holds: the desk's secrets and its people."""

from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import limits
from protocol.deskkeys import DeskKey, desk_id
from protocol.ids import DeskId, DeskKeyId, UnixSeconds
from protocol.origin import desk_key_id, fingerprint, public_half
from protocol.provisioning import DeskCard
from protocol.seal import new_private_key
from shore_relay.desk.people.person import Person, is_same_name

DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Epoch:
    """One sealing key and how long vessels may seal to it. It opens for ever."""

    private: bytes
    not_before: UnixSeconds
    not_after: UnixSeconds

    @property
    def key(self) -> DeskKey:
        """The public side."""
        return DeskKey(public=public_half(self.private), not_before=self.not_before, not_after=self.not_after)

    @property
    def id(self) -> DeskKeyId:
        """The 4-byte name that travels with each bundle."""
        return desk_key_id(public_half(self.private))

    def ended(self, now: UnixSeconds) -> "Epoch":
        """Return the same key, to which nobody who knows of it seals after `now`."""
        return replace(self, not_after=max(self.not_before, min(self.not_after, now)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryKit:
    """The public half of the printed shares, and how many of them it takes."""

    public: bytes
    needed: int
    made: int
    made_at: UnixSeconds


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeskKeys:
    """All secrets of a desk. `repr` shows none."""

    name: str
    signing_private: bytes
    store_keys: tuple[bytes, ...]
    """One for each generation, oldest first; the newest seals, each opens what it sealed."""
    epochs: tuple[Epoch, ...]
    """Oldest first; never empty."""
    people: tuple[Person, ...] = ()
    """In the order in which they came, with those who left."""
    recovery: RecoveryKit | None = None

    @property
    def signer(self) -> Ed25519PrivateKey:
        """The key that signs requests to the relay and lists of sealing keys."""
        return Ed25519PrivateKey.from_private_bytes(self.signing_private)

    @property
    def signing_fingerprint(self) -> str:
        """What somebody compares who receives what this desk signed."""
        return fingerprint(self.signer.public_key().public_bytes_raw())

    @property
    def desk(self) -> DeskId:
        """The desk's 8-byte name."""
        return desk_id(self.signer.public_key().public_bytes_raw())

    @property
    def published(self) -> tuple[DeskKey, ...]:
        """The public keys that vessels get: the newest, as many as one list may hold."""
        return tuple(epoch.key for epoch in self.epochs[-limits.DESK_KEYS_MAX :])

    @property
    def card(self) -> DeskCard:
        """What the world may know of this desk."""
        return DeskCard(
            name=self.name,
            signing_public=self.signer.public_key().public_bytes_raw(),
            keys=self.published,
        )

    @property
    def active(self) -> tuple[Person, ...]:
        """The people who work here."""
        return tuple(person for person in self.people if person.is_active)

    def epoch(self, key: bytes) -> Epoch | None:
        """Return the epoch whose key has this id."""
        return next((epoch for epoch in self.epochs if epoch.id == key), None)

    def person(self, person: bytes) -> Person | None:
        """Return the person with this id, also one who left."""
        return next((one for one in self.people if one.id == person), None)

    def named(self, name: str) -> Person | None:
        """Return the person who works here under this name."""
        return next((one for one in self.active if is_same_name(one.name, name)), None)

    def with_person(self, person: Person) -> "DeskKeys":
        """Return the same keys with one person added or replaced."""
        if self.person(person.id) is None:
            return replace(self, people=(*self.people, person))
        people = tuple(person if one.id == person.id else one for one in self.people)
        return replace(self, people=people)

    def with_new_epoch(self, now: UnixSeconds, valid_s: int) -> "DeskKeys":
        """Return the same keys with one more sealing key, valid from now."""
        epoch = Epoch(private=new_private_key(), not_before=now, not_after=UnixSeconds(now + valid_s))
        return replace(self, epochs=(*self.epochs, epoch))

    def with_only_epoch(self, now: UnixSeconds, valid_s: int) -> "DeskKeys":
        """Return the same keys with a new sealing key that takes the place of every other at once.

        The others are published as ended: a box that has the list never seals to them again. The new one
        begins up to a day early, for boxes whose clock is behind; a box prefers whichever began last.
        """
        before = [epoch.not_before for epoch in self.epochs if epoch.not_before < now]
        begin = min(now, max(now - DAY_S, *(at + 1 for at in before), 0))
        ended = tuple(epoch.ended(now) for epoch in self.epochs)
        epoch = Epoch(
            private=new_private_key(), not_before=UnixSeconds(begin), not_after=UnixSeconds(now + valid_s)
        )
        return replace(self, epochs=(*ended, epoch))
