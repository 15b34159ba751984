"""The way back in when nobody can open the keyring: k of n printed shares of one key.

The shares are SLIP-39 mnemonics made by Trezor's reference library. The key that they share opens the team
key as it is at that time, also after it was renewed: it is sealed to the kit's public half, as to a person's.
"""

import asyncio
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from shamir_mnemonic import MnemonicError, combine_mnemonics, generate_mnemonics
from shamir_mnemonic.share import Share as Mnemonic

from protocol.ids import UnixSeconds
from protocol.origin import public_half
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import BadShares
from shore_relay.desk.keyring import Keyring
from shore_relay.desk.people import ring as rings
from shore_relay.desk.people.keys import RecoveryKit
from shore_relay.desk.people.ring import Ring
from shore_relay.desk.people.roles import Permission, require

SHARES_MAX = 16
"""SLIP-39 allows no more."""

WORDS = 20
"""A share of a 128-bit secret."""

_SECRET_BYTES = 16
_EXPONENT = 0
"""The library's own stretching guards a passphrase that we do not use."""

_LABEL = b"seavoice desk recovery 2"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Share:
    """One share, to be printed for one keeper. `repr` shows nothing."""

    number: int
    words: tuple[str, ...]


def make_kit(needed: int, made: int, at: UnixSeconds) -> tuple[RecoveryKit, list[Share]]:
    """Make a kit, which opens nothing before `adopt_kit`, and its shares, which are kept nowhere.

    Raises: BadShares.
    """
    if not 2 <= needed <= made <= SHARES_MAX:
        raise BadShares(
            f"A kit has at most {SHARES_MAX} shares, and at least two of them must be needed: "
            "2 of 3 suits most offices."
        )
    secret = secrets.token_bytes(_SECRET_BYTES)
    (mnemonics,) = generate_mnemonics(1, [(needed, made)], secret, iteration_exponent=_EXPONENT)
    # A kit that does not open is worse than none: two different sets are tried before any is printed.
    for tried in (mnemonics[:needed], mnemonics[-needed:]):
        assert combine_mnemonics(tried) == secret, "the shares do not give the secret back"
    kit = RecoveryKit(public=public_half(_private(secret)), needed=needed, made=made, made_at=at)
    return kit, [Share(number=number, words=tuple(text.split())) for number, text in enumerate(mnemonics, 1)]


async def adopt_kit(desk: Desk, actor: Actor, kit: RecoveryKit) -> None:
    """Let this kit open the desk; an older one opens nothing any more. Raises `NotPermitted`."""
    require(actor, Permission.MANAGE_PEOPLE)
    await asyncio.to_thread(desk.keyring.change, lambda ring: rings.with_recovery(ring, kit))


def check_share(text: str) -> str:
    """Return a share as the library writes it; raises `BadShares` for nearly every slip of the pen."""
    written = " ".join(text.lower().split())
    try:
        Mnemonic.from_mnemonic(written)
    except MnemonicError as reason:
        raise BadShares(
            f"These {len(written.split())} words are no share: a share has {WORDS}, and a wrong or exchanged "
            "one is noticed. Compare them with the paper."
        ) from reason
    return written


def shares_needed(share: str) -> int:
    """Return how many shares the kit of this one takes; the share must have passed `check_share`."""
    needed: int = Mnemonic.from_mnemonic(share).member_threshold
    return needed


def recover(data: Path, shares: list[str], name: str, passphrase: str, at: UnixSeconds) -> Keyring:
    """Let a new administrator in with enough shares; return the open keyring.

    Raises: BadShares, BadName, NameTaken, NoPassphrase, NotInitialised, DamagedKeyring, UnreadableFile.
    """
    private = _private(_combined([check_share(share) for share in shares]))

    def admit(ring: Ring) -> Ring:
        return rings.add(ring, name, Role.ADMINISTRATOR, passphrase, at, must_choose=False)

    keyring = Keyring.recovered(data, private, admit)
    if keyring is None:
        raise BadShares(
            "These shares belong together, but not to this desk's present kit: use the kit that was made "
            "last, or the data folder that it was made for."
        )
    return keyring


def _combined(shares: list[str]) -> bytes:
    different = list(dict.fromkeys(shares))
    if not different:
        raise BadShares("No share was given; a kit says on each page how many it takes.")
    needed = shares_needed(different[0])
    if len(different) < needed:
        raise BadShares(f"This kit takes {needed} different shares, and {len(different)} came. Add more.")
    try:
        secret: bytes = combine_mnemonics(different[:needed])
    except MnemonicError as reason:
        raise BadShares("These shares are not of one kit: all begin with the same two words.") from reason
    return secret


def _private(secret: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_LABEL).derive(secret)
