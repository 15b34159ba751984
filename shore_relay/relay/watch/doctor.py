"""`seavoice-relay doctor`: looks at all that a relay needs, says what is wrong and how to mend it."""

from pathlib import Path

from protocol.ids import UnixSeconds
from shore_relay.relay.data_folder import database_path, require_relay
from shore_relay.relay.errors import RelayError, SettingsInvalid
from shore_relay.relay.operator_api import asking
from shore_relay.relay.settings import Settings, load_settings
from shore_relay.relay.store.opening import open_store
from shore_relay.relay.store.sqlite_copy import examine
from shore_relay.relay.watch import surroundings
from shore_relay.relay.watch.alarms import raised
from shore_relay.relay.watch.facts import gather, schema_version
from shore_relay.relay.watch.findings import Finding, broken, fine, look

_IN_OWN_WORDS = {"backup-old", "disk-low", "clock-behind", "certificate-ends", "restored"}
_BREAKING = {"clock-behind"}


async def examine_relay(folder: Path, now: UnixSeconds) -> list[Finding]:
    """Return what was found, in the order in which it should be mended. Raises `DataFolderMissing`."""
    settings, found = _settings(folder)
    require_relay(folder, has_file=not settings.store)
    findings = [*surroundings.modes(folder), *found]
    findings += surroundings.secrets(folder, settings)
    is_today, found = await _database(folder, settings)
    findings += found
    async with asking(folder) as serving:
        is_serving = serving is not None
    findings += await surroundings.ports(settings, is_serving=is_serving)
    findings += surroundings.machine(settings)
    if is_today:
        findings += await _facts(folder, settings, now)
    return findings


def _settings(folder: Path) -> tuple[Settings, list[Finding]]:
    try:
        return load_settings(folder), [fine("settings", "The settings can be read.")]
    except SettingsInvalid as reason:
        return Settings(), [broken("settings", str(reason))]


async def _database(folder: Path, settings: Settings) -> tuple[bool, list[Finding]]:
    """Return whether the store has today's tables, and what is to say of it."""
    try:
        if settings.store:
            # Opening it brings it to today's tables, as `serve` would.
            async with await open_store(folder, settings):
                return True, [fine("database", "PostgreSQL answers, and has this program's tables.")]
        schema = examine(database_path(folder))
    except RelayError as reason:
        return False, [broken("database", str(reason))]
    if schema < schema_version():
        return False, [
            look(
                "database",
                f"The tables have version {schema}, this program knows {schema_version()}.",
                "Stop the relay and run: seavoice-relay upgrade",
            )
        ]
    return True, [fine("database", f"The database is sound, version {schema}.")]


async def _facts(folder: Path, settings: Settings, now: UnixSeconds) -> list[Finding]:
    async with await open_store(folder, settings) as store:
        facts = await gather(folder, settings, store, now)
    alarms = raised(facts)
    findings: list[Finding] = []
    for alarm in alarms:
        make = broken if alarm.code in _BREAKING else look
        subject = f"{alarm.subject}: " if alarm.subject else ""
        findings.append(make(alarm.code, subject + alarm.advice))
    quiet = _IN_OWN_WORDS - {alarm.code for alarm in alarms}
    if "backup-old" in quiet:
        findings.append(fine("backup-old", "There is a backup of late."))
    if "disk-low" in quiet:
        findings.append(fine("disk-low", f"The disk has {facts.disk_free_bytes // 1_000_000:,} MB left."))
    if "clock-behind" in quiet:
        findings.append(fine("clock-behind", "The clock is not behind what the relay saw before."))
    if "restored" in quiet and facts.restored is not None:
        findings.append(fine("restored", "Every vessel has spoken since the backup was put in place."))
    if "certificate-ends" in quiet and facts.certificate_ends_at is not None:
        days = (facts.certificate_ends_at - now) // 86_400
        findings.append(fine("certificate-ends", f"The certificate holds for {days} days."))
    return findings
