"""The receipt code, and the mailbox that it opens (SPEC §7).

One secret of 15 decimal digits, shown as 16 digits (the last checks the others) or as ten of 64 pictures (the
last ten bits check the first fifty). No account, no name: whoever has the code has the mailbox.
"""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from protocol import limits
from protocol.errors import LocalError
from protocol.ids import MailboxId
from protocol.origin import public_half

SECRET_LIMIT = 10**15
PICTURES = 10
PICTURE_KINDS = 64
ARGON2_PASSES = 3
ARGON2_MEMORY_KIB = 64 * 1024
_ARGON2_SALT = b"seavoice v1 mailbox"
"""The same for everybody: a code must open its mailbox on any vessel, where nothing else is known."""

_ID_LABEL = b"seavoice v1 mailbox id"

_CHECK_BITS = 10

# Damm's table: finds every single wrong digit and every swap of neighbours.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


class WrongCode(LocalError):
    """These digits or pictures are no receipt code; the check says that one was mistaken."""

    code = "wrong-code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """What a receipt code opens."""

    private: bytes

    @property
    def id(self) -> MailboxId:
        """The name under which answers wait."""
        return mailbox_id(self.public)

    @property
    def public(self) -> bytes:
        """The 32-byte half that travels inside the seal, so that the desk can answer."""
        return public_half(self.private)


@dataclass(frozen=True, slots=True)
class ReceiptCode:
    """A fisher's receipt code. `repr` hides it, so that no log can hold one."""

    _secret: int

    def __repr__(self) -> str:
        return "ReceiptCode(hidden)"

    @classmethod
    def draw(cls, entropy: bytes) -> "ReceiptCode":
        """Make a new code from 32 random bytes."""
        if len(entropy) < 32:
            raise LocalError("a receipt code is drawn from 32 random bytes")
        return cls(int.from_bytes(entropy[:32]) % SECRET_LIMIT)

    @classmethod
    def from_digits(cls, text: str) -> "ReceiptCode":
        """Read 16 digits, with or without spaces and hyphens; raises `WrongCode`."""
        digits = "".join(character for character in text if character not in " -\u00a0")
        if len(digits) != 16 or not digits.isascii() or not digits.isdigit() or _damm(digits) != 0:
            raise WrongCode("This is not a receipt code: it has 16 digits. Look at them again, one by one.")
        return cls(int(digits[:15]))

    @classmethod
    def from_pictures(cls, pictures: tuple[int, ...]) -> "ReceiptCode":
        """Read ten picture numbers from 0 to 63; raises `WrongCode`."""
        if len(pictures) != PICTURES or any(not 0 <= picture < PICTURE_KINDS for picture in pictures):
            raise WrongCode("A receipt code has ten pictures.")
        joined = 0
        for picture in pictures:
            joined = joined << 6 | picture
        secret, check = joined >> _CHECK_BITS, joined & (2**_CHECK_BITS - 1)
        if secret >= SECRET_LIMIT or check != _picture_check(secret):
            raise WrongCode("One of these pictures is another one. Look at them again, one by one.")
        return cls(secret)

    def digits(self) -> str:
        """Return the code as four groups of four digits."""
        plain = f"{self._secret:015d}"
        whole = plain + str(_damm(plain))
        return " ".join(whole[at : at + 4] for at in range(0, 16, 4))

    def pictures(self) -> tuple[int, ...]:
        """Return the code as ten picture numbers from 0 to 63."""
        joined = self._secret << _CHECK_BITS | _picture_check(self._secret)
        return tuple(joined >> 6 * (PICTURES - 1 - at) & 63 for at in range(PICTURES))

    def open_mailbox(self) -> Mailbox:
        """Derive the mailbox: about half a second and 64 MiB, on purpose."""
        kdf = Argon2id(
            salt=_ARGON2_SALT,
            length=limits.X25519_KEY_BYTES,
            iterations=ARGON2_PASSES,
            lanes=1,
            memory_cost=ARGON2_MEMORY_KIB,
        )
        return Mailbox(private=kdf.derive(f"{self._secret:015d}".encode()))


def mailbox_id(public: bytes) -> MailboxId:
    """Return the 16-byte name of the mailbox with this public key.

    It follows from the key, so that the desk, which finds only the key inside the seal, knows where to send
    its answer; a box or a relay, which sees only the name, cannot get back to the key.
    """
    return MailboxId(hashlib.sha256(_ID_LABEL + public).digest()[: limits.MAILBOX_ID_BYTES])


def _damm(digits: str) -> int:
    state = 0
    for digit in digits:
        state = _DAMM[state][int(digit)]
    return state


def _picture_check(secret: int) -> int:
    return int.from_bytes(hashlib.sha256(b"seavoice v1 pictures" + secret.to_bytes(7)).digest()[:2]) >> 6
