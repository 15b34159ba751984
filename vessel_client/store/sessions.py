"""What satellite sessions cost: one row for each bearer and day."""

from dataclasses import dataclass

from protocol.ids import UnixSeconds
from vessel_client.store.database import Connection

DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session: it was `sure` that it did what it should, or its credits are in doubt."""

    bearer: str
    at: UnixSeconds
    sure: bool
    credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDay:
    """One day's sessions of one bearer; `day` counts from 1970."""

    bearer: str
    day: int
    sessions: int
    failed: int
    credits: int
    credits_in_doubt: int


async def add_session(connection: Connection, session: Session) -> None:
    """Add a session to its day."""
    await connection.execute(
        "INSERT INTO session_day (bearer, day, sessions, failed, credits, credits_in_doubt, looked_at)"
        " VALUES (?, ?, 1, ?, ?, ?, ?)"
        " ON CONFLICT (bearer, day) DO UPDATE SET"
        " sessions = sessions + 1, failed = failed + excluded.failed, credits = credits + excluded.credits,"
        " credits_in_doubt = credits_in_doubt + excluded.credits_in_doubt,"
        " looked_at = max(looked_at, excluded.looked_at)",
        (
            session.bearer,
            session.at // DAY_S,
            not session.sure,
            session.credits if session.sure else 0,
            0 if session.sure else session.credits,
            session.at if session.sure else 0,
        ),
    )


async def list_days(connection: Connection) -> list[SessionDay]:
    """Return all days, in order."""
    async with connection.execute(
        "SELECT bearer, day, sessions, failed, credits, credits_in_doubt FROM session_day"
        " ORDER BY day, bearer"
    ) as cursor:
        return [
            SessionDay(
                bearer=bearer,
                day=day,
                sessions=sessions,
                failed=failed,
                credits=spent,
                credits_in_doubt=in_doubt,
            )
            async for bearer, day, sessions, failed, spent, in_doubt in cursor
        ]


async def last_look(connection: Connection, bearer: str) -> UnixSeconds | None:
    """Return when the bearer last learned whether there is mail, or None for never."""
    async with connection.execute(
        "SELECT max(looked_at) FROM session_day WHERE bearer = ?", (bearer,)
    ) as cursor:
        row = await cursor.fetchone()
    return UnixSeconds(row[0]) if row is not None and row[0] else None
