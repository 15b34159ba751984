"""Notices that no server has taken yet, sealed in the store until one does."""

from aiosqlite import Connection

from shore_relay.desk.app import Desk
from shore_relay.desk.notices.model import Notice, read_notice, write_notice
from shore_relay.desk.store import notices as stored
from shore_relay.desk.store.notices import NoticeRow


async def load_waiting(connection: Connection, desk: Desk) -> list[Notice]:
    """Return what is still to be sent, oldest first."""
    found = [
        read_notice(row.id, desk.vault.open(row.sealed, "notice.notice", row.id))
        for row in await stored.waiting(connection)
    ]
    return sorted(found, key=lambda notice: (notice.made_at, notice.id))


async def keep_notice(connection: Connection, desk: Desk, notice: Notice) -> None:
    """Keep a notice, new or tried in vain."""
    sealed = desk.vault.seal(write_notice(notice), "notice.notice", notice.id)
    await stored.put(connection, NoticeRow(id=notice.id, sealed=sealed))
