"""Who may see the operator's page: a file with names, and what Argon2id makes of passphrases."""

import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from protocol.documents import Json, MalformedDocument, dump, load, to_text
from shore_relay.relay.errors import OutputUnwritable, PassphraseRefused, SecretUnreadable, UnknownOperator

FILE_NAME = "operators.json"
_FORMAT = "seavoice relay operators 1"
_FILE_OWNER_ONLY = 0o600
_FILE_BYTES_MAX = 100_000
_OPERATORS_MAX = 50
_NAME_CHARACTERS_MAX = 50
_PASSPHRASE_CHARACTERS_MIN = 12
"""Nothing else protects the page from whoever reaches its port."""
_PASSPHRASE_CHARACTERS_MAX = 1_000
_SALT_BYTES = 16
_HASH_BYTES = 32
_PASSES = 3
_MEMORY_KIB = 64 * 1024
_LANES = 4
"""RFC 9106, second recommended option: 3 passes, 4 lanes, 64 MiB."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Account:
    """One operator's login."""

    name: str
    salt: bytes
    proof: bytes


class Accounts:
    """The accounts of one relay. The file is read at each use, so that a change counts at once."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def all(self) -> tuple[Account, ...]:
        """Return all accounts; raises `SecretUnreadable` where the file is damaged or open to others."""
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_mode & 0o077:
                    raise SecretUnreadable(f"{self._path} can be read by others; run: chmod 600 {self._path}")
                data = file.read(_FILE_BYTES_MAX)
        except FileNotFoundError:
            return ()
        except OSError as reason:
            raise SecretUnreadable(
                f"{self._path} cannot be read ({reason.strerror}); mend its rights."
            ) from reason
        try:
            with load(data, "The file of operators") as reader:
                if reader.text("format") != _FORMAT:
                    raise SecretUnreadable(f"{self._path} was written by another version of this program.")
                found: list[Account] = []
                for entry in reader.each("operators", most=_OPERATORS_MAX):
                    with entry:
                        found.append(
                            Account(
                                name=entry.text("name"),
                                salt=entry.binary("salt", size_bytes=_SALT_BYTES),
                                proof=entry.binary("proof", size_bytes=_HASH_BYTES),
                            )
                        )
        except MalformedDocument as reason:
            raise SecretUnreadable(
                f"{self._path} is damaged ({reason}); delete it and add the operators again."
            ) from reason
        return tuple(found)

    def put(self, name: str, passphrase: str) -> bool:
        """Add an operator, or give a known one a new passphrase; return whether it is a new one.

        Raises `PassphraseRefused`, `OutputUnwritable` and what `all` raises.
        """
        if not 0 < len(name) <= _NAME_CHARACTERS_MAX or not name.isprintable():
            raise PassphraseRefused(
                f"An operator's name has 1 to {_NAME_CHARACTERS_MAX} printable characters."
            )
        if not _PASSPHRASE_CHARACTERS_MIN <= len(passphrase) <= _PASSPHRASE_CHARACTERS_MAX:
            raise PassphraseRefused(
                f"A passphrase has at least {_PASSPHRASE_CHARACTERS_MIN} characters; four words that do not "
                "belong together are best."
            )
        others = [account for account in self.all() if account.name != name]
        if len(others) >= _OPERATORS_MAX:
            raise PassphraseRefused(f"There are {_OPERATORS_MAX} operators already; remove one first.")
        new = len(others) == len(self.all())
        salt = secrets.token_bytes(_SALT_BYTES)
        self._write([*others, Account(name=name, salt=salt, proof=_proof(passphrase, salt))])
        return new

    def remove(self, name: str) -> None:
        """Let an operator in no more; raises `UnknownOperator`, `OutputUnwritable` and what `all` raises."""
        accounts = self.all()
        others = [account for account in accounts if account.name != name]
        if len(others) == len(accounts):
            known = ", ".join(account.name for account in accounts) or "none"
            raise UnknownOperator(f"There is no operator {name} (known: {known}).")
        self._write(others)

    def find(self, name: str) -> Account | None:
        """Return the account of a name, or None; raises what `all` raises."""
        return next((account for account in self.all() if account.name == name), None)

    def _write(self, accounts: list[Account]) -> None:
        listed: list[Json] = [
            {"name": each.name, "salt": to_text(each.salt), "proof": to_text(each.proof)} for each in accounts
        ]
        unfinished = self._path.with_suffix(".new")
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_OWNER_ONLY)
            with os.fdopen(descriptor, "wb") as file:
                file.write(dump({"format": _FORMAT, "operators": listed}))
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._path)
        except OSError as reason:
            raise OutputUnwritable(
                f"{self._path} cannot be written ({reason.strerror}); make room or mend the folder's rights."
            ) from reason


def is_passphrase(account: Account | None, passphrase: str) -> bool:
    """Return whether this is the account's passphrase; takes as long where there is no such account."""
    salt = account.salt if account is not None else bytes(_SALT_BYTES)
    proof = account.proof if account is not None else bytes(_HASH_BYTES)
    return hmac.compare_digest(_proof(passphrase[:_PASSPHRASE_CHARACTERS_MAX], salt), proof)


def _proof(passphrase: str, salt: bytes) -> bytes:
    kdf = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return kdf.derive(passphrase.encode(errors="surrogatepass"))
