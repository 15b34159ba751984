"""`seavoice-vessel budget`: what was spent and what is left, by bearer, and what the crew's month allows."""

import asyncio
import json
from collections.abc import Iterator

from vessel_client.budget_report import BudgetReport, Line, load_report
from vessel_client.commands.terminal import Surroundings, say
from vessel_client.policy import NANO
from vessel_client.store.database import open_database


def run(surroundings: Surroundings, *, as_json: bool) -> None:
    """Print this month's budget. Raises `NotInitialised`, `StoreFailed`, `WrongSettings`."""
    report = asyncio.run(_load(surroundings))
    if as_json:
        say(json.dumps(report.as_json(), ensure_ascii=False))
        return
    for text in _words(report):
        say(text)
    if report.refusal:
        say(f"Caps came from shore and were refused: {report.refusal}")


async def _load(surroundings: Surroundings) -> BudgetReport:
    database = await open_database(surroundings.settings.data_dir)
    try:
        async with database.reading() as connection:
            return await load_report(connection, surroundings.settings, surroundings.wall_clock())
    finally:
        await database.close()


def _words(report: BudgetReport) -> Iterator[str]:
    month, share = report.month, report.share
    yield f"Month {month // 100}-{month % 100:02}, money in {report.currency}"
    for line in report.lines:
        yield _sentence(line)
    if not report.crew_size:
        yield "Set crew_size to see whether each person's month fits."
        return
    asked = f"{report.crew_size} people need {share.asked_bytes:,} bytes a month by the law of Thailand"
    if share.allowed_bytes is None:
        yield f"{asked}; {share.used_bytes:,} are used, and no cap stands in the way."
    elif share.is_enough:
        yield f"{asked}; {share.used_bytes:,} are used, and the caps allow {share.allowed_bytes:,}."
    else:
        yield f"{asked}, and the caps allow only {share.allowed_bytes:,}: raise them."


def _sentence(line: Line) -> str:
    spent, cap = line.spent, line.cap
    text = (
        f"{line.name}: {spent.money_nano / NANO:.2f} spent, {spent.size_bytes:,} bytes in "
        f"{spent.messages:,} packets; at the month's end about {line.forecast_nano / NANO:.2f} "
        f"and {line.forecast_bytes:,} bytes"
    )
    shore = " from shore" if line.from_shore else ""
    if cap.money_nano is not None:
        left = cap.money_nano - spent.money_nano
        text += f"; cap {cap.money_nano / NANO:.2f}{shore}, "
        text += f"{left / NANO:.2f} left" if left >= 0 else f"exceeded by {-left / NANO:.2f}"
    if cap.size_bytes is not None:
        left = cap.size_bytes - spent.size_bytes
        text += f"; cap {cap.size_bytes:,} bytes{shore}, "
        text += f"{left:,} left" if left >= 0 else f"exceeded by {-left:,} bytes"
    return text
