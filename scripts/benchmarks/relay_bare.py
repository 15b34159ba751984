"""The bound for taking bundles in: as many packets opened, the same rows, as many commits, and no more."""

import itertools
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from protocol.linkguard import NONCE_BYTES, TAG_BYTES
from scripts.benchmarks.cargo import opaque
from scripts.postgres_server import PostgresServer

_KEY = bytes(32)
_BEARER = "tcp"
_TEXT = 2
_TABLES = (
    "CREATE TABLE feed (vessel {blob} NOT NULL, desk {blob} NOT NULL, cursor {number} NOT NULL, "
    "kind TEXT NOT NULL, at {number} NOT NULL, number {number} NOT NULL, priority {number} NOT NULL, "
    "bearer TEXT NOT NULL, bundle {blob} NOT NULL, ref {blob} NOT NULL, PRIMARY KEY (desk, cursor))",
    "CREATE INDEX feed_by_vessel ON feed (vessel)",
    "CREATE TABLE vessels (vessel {blob} PRIMARY KEY, last_contact_at {number} NOT NULL, "
    "bundles_taken {number} NOT NULL, last_taken {number} NOT NULL, bytes_up {number} NOT NULL)",
)
_ADD = "INSERT INTO feed VALUES (?, ?, ?, 'bundle', ?, ?, ?, ?, ?, ?)"
_COUNT = (
    "UPDATE vessels SET last_contact_at = ?, bundles_taken = bundles_taken + ?, last_taken = ?, "
    "bytes_up = bytes_up + ? WHERE vessel = ?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What the relay took in, as it took it."""

    vessels: int
    bundles: int
    """Of each vessel."""
    packet_bytes: int
    bundle_bytes: int
    commits: int


class _Cargo:
    """Packets that were sealed beforehand, and the rows that come of them."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._cipher = AESCCM(_KEY, tag_length=TAG_BYTES)
        plain = opaque(load.packet_bytes - TAG_BYTES)
        self._nonces = [number.to_bytes(NONCE_BYTES) for number in range(load.vessels * load.bundles)]
        self._packets = [self._cipher.encrypt(nonce, plain, None) for nonce in self._nonces]
        self.names = [number.to_bytes(8) for number in range(load.vessels)]

    def groups(self) -> list[range]:
        """Return which bundles each transaction takes: those of one vessel stand together."""
        total = len(self._packets)
        commits = max(1, min(self._load.commits, total))
        bounds = [total * at // commits for at in range(commits + 1)]
        return [range(start, end) for start, end in itertools.pairwise(bounds)]

    def rows(self, group: range) -> tuple[list[Sequence[object]], list[Sequence[object]]]:
        """Decrypt a group; return rows of the feed, and of the vessels that they came from."""
        each, size_bytes = self._load.bundles, self._load.bundle_bytes
        feed: list[Sequence[object]] = []
        taken: dict[int, int] = {}
        for at in group:
            plain = self._cipher.decrypt(self._nonces[at], self._packets[at], None)
            name = self.names[at // each]
            feed.append((name, _KEY[:8], at, 0, at % each, _TEXT, _BEARER, plain[:size_bytes], b""))
            taken[at // each] = taken.get(at // each, 0) + 1
        counts: list[Sequence[object]] = [
            (0, count, group.stop, count * self._load.packet_bytes, self.names[vessel])
            for vessel, count in taken.items()
        ]
        return feed, counts


def on_sqlite(load: Load, path: Path) -> float:
    """Return how many bundles a bare loop takes each second into a file that is flushed at every commit."""
    cargo = _Cargo(load)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for table in _TABLES:
        connection.execute(table.format(blob="BLOB", number="INTEGER"))
    connection.executemany("INSERT INTO vessels VALUES (?, 0, 0, 0, 0)", [(name,) for name in cargo.names])
    began_s = time.monotonic()
    for group in cargo.groups():
        feed, counts = cargo.rows(group)
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(_ADD, feed)
        connection.executemany(_COUNT, counts)
        connection.execute("COMMIT")
    took_s = time.monotonic() - began_s
    connection.close()
    path.unlink()
    return load.vessels * load.bundles / took_s


async def on_postgres(load: Load, server: PostgresServer) -> float:
    """Return the same for a PostgreSQL server."""
    cargo = _Cargo(load)
    connection = await server.connect(await server.create())
    try:
        for table in _TABLES:
            await connection.execute(table.format(blob="BYTEA", number="BIGINT"))
        await connection.executemany(
            "INSERT INTO vessels VALUES ($1, 0, 0, 0, 0)", [(n,) for n in cargo.names]
        )
        began_s = time.monotonic()
        for group in cargo.groups():
            await _insert(connection, *cargo.rows(group))
        took_s = time.monotonic() - began_s
    finally:
        await connection.close()
    return load.vessels * load.bundles / took_s


async def _insert(
    connection: asyncpg.Connection, feed: list[Sequence[object]], counts: list[Sequence[object]]
) -> None:
    async with connection.transaction():
        await connection.executemany(_numbered(_ADD), feed)
        await connection.executemany(_numbered(_COUNT), counts)


def _numbered(sql: str) -> str:
    pieces = sql.split("?")
    return "".join(f"{piece}${at}" for at, piece in enumerate(pieces[:-1], start=1)) + pieces[-1]
