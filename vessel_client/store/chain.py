"""The certificate for phones as it came from shore; OpenSSL reads its copy in a file."""

from protocol.ids import UnixSeconds
from vessel_client.store.database import Connection, one_row


async def take_chain(connection: Connection, issued_at: UnixSeconds, chain: tuple[bytes, ...]) -> None:
    """Keep a chain whose signature has been checked, unless a newer one is held."""
    (held_since,) = await one_row(connection, "SELECT chain_issued_at FROM box")
    if issued_at <= held_since:
        # An old chain under a new number must not bring back a certificate that has ended.
        return
    await connection.execute("UPDATE box SET chain_issued_at = ?", (issued_at,))
    await connection.execute("DELETE FROM chain")
    await connection.executemany(
        "INSERT INTO chain (position, certificate) VALUES (?, ?)", list(enumerate(chain))
    )


async def load_chain(connection: Connection) -> tuple[bytes, ...]:
    """Return the newest chain in DER form, or nothing."""
    async with connection.execute("SELECT certificate FROM chain ORDER BY position") as cursor:
        return tuple([bytes(row[0]) async for row in cursor])
