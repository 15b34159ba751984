"""What watches a relay from outside: health, readiness and metrics, which tell nothing about anybody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from shore_relay.relay.app import RunningRelay, monotonic, unix_time
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.errors import SecretUnreadable, SettingsInvalid
from shore_relay.relay.operating_settings import OperatorSettings, TlsSettings
from shore_relay.relay.operator_api import asking
from shore_relay.relay.settings import BearerSettings
from shore_relay.relay.store.sqlite import SqliteStore
from shore_relay.relay.watch.health import Health
from tests.shore_relay.relay.box import Box, introduction, report
from tests.shore_relay.relay.shore import SETTINGS, Desk, Shore

OPERATED = replace(SETTINGS, operator=OperatorSettings(enabled=True, port=0))


@pytest.fixture
async def operated(shore: Shore, desk: Desk, box: Box) -> AsyncIterator[RunningRelay]:
    """A relay that holds one report of 500 sealed bytes, from a vessel that had sent number 3 as well."""
    async with shore.serving(OPERATED) as relay:
        box.offer(1, introduction())
        box.offer(3, report(desk.key_id, 500))
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1, 3)
        await relay.store_counts()
        yield relay


async def fetch(port: int, path: str, **headers: str) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}{path}", headers=headers) as answer,
    ):
        return answer.status, await answer.text()


def values(text: str) -> dict[str, float]:
    """Return every sample of a scrape, with its labels in its name."""
    return {
        sample.name + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_both_ports_say_whether_the_relay_lives_and_is_ready(operated: RunningRelay) -> None:
    for port in (operated.http_port, operated.operator_port):
        assert (await fetch(port, "/healthz"))[0] == 200
        assert (await fetch(port, "/readyz"))[0] == 200


async def test_a_full_disk_is_not_ready_and_yet_alive(shore: Shore, box: Box) -> None:
    size_bytes = (shore.folder / "relay.db").stat().st_size
    async with shore.serving(replace(SETTINGS, database_bytes_max=size_bytes)) as relay:
        status, text = await fetch(relay.http_port, "/readyz")
        assert (status, "store-failed" in text) == (503, True)
        assert (await fetch(relay.http_port, "/healthz"))[0] == 200
    assert box.engine.queued == 0


async def test_the_metrics_are_not_on_the_port_for_strangers(operated: RunningRelay) -> None:
    for path in ("/metrics", "/", "/login"):
        assert (await fetch(operated.http_port, path))[0] == 404


async def test_metrics_count_what_happened(operated: RunningRelay) -> None:
    status, text = await fetch(operated.operator_port, "/metrics")
    assert status == 200
    told = values(text)
    assert told["seavoice_relay_bundles_taken_total"] == 2
    assert told["seavoice_relay_bundles_held"] == 2
    assert told["seavoice_relay_numbers_missing"] == 1
    assert told["seavoice_relay_bearer_bytes_total tcp up"] > 500
    assert told["seavoice_relay_vessels heard"] == 1
    assert told["seavoice_relay_store_commits_total"] >= 1
    assert told["process_open_fds"] > 0


async def test_metrics_name_nobody(operated: RunningRelay, box: Box, desk: Desk) -> None:
    _, text = await fetch(operated.operator_port, "/metrics")
    for secret in ("Mercy", "Haven", box.provisioning.vessel.hex(), desk.card.id.hex(), "127.0.0.1"):
        assert secret not in text
    assert 'vessel="' not in text


async def test_vessels_are_told_apart_by_number_where_the_operator_wants_it(
    shore: Shore, desk: Desk, box: Box
) -> None:
    await shore.add_vessel("Hope", desk)
    settings = replace(
        SETTINGS,
        operator=OperatorSettings(enabled=True, port=0, metrics_by_vessel=True),
        tcp=BearerSettings(price_per_megabyte=2_000.0),
    )
    async with shore.serving(settings) as relay:
        box.offer(1, introduction())
        async with box.over_tcp(relay.tcp_port):
            await box.custody(1)
        await relay.store_counts()
        told = values((await fetch(relay.operator_port, "/metrics"))[1])
    contacts = [told[f"seavoice_relay_vessel_contact_timestamp_seconds {number}"] for number in (1, 2)]
    assert sorted(contacts)[0] == 0
    assert sorted(contacts)[1] == pytest.approx(unix_time(), abs=60)
    assert told["seavoice_relay_money tcp US$"] > 0.1


async def test_the_command_line_reads_the_metrics_without_a_port(shore: Shore, relay: RunningRelay) -> None:
    assert relay.operator_port == 0
    async with asking(shore.folder) as serving:
        assert serving is not None
        assert values(await serving.metrics())["seavoice_relay_bundles_taken_total"] == 0


async def test_a_token_keeps_the_metrics_from_others(shore: Shore, desk: Desk) -> None:
    token = shore.folder / "metrics.token"
    token.write_text("a-long-random-token\n")
    token.chmod(0o600)
    async with shore.serving(OPERATED) as relay:
        assert (await fetch(relay.operator_port, "/metrics"))[0] == 401
        wrong = await fetch(relay.operator_port, "/metrics", Authorization="Bearer another")
        right = await fetch(relay.operator_port, "/metrics", Authorization="Bearer a-long-random-token")
    assert (wrong[0], right[0]) == (401, 200)
    token.chmod(0o644)
    with pytest.raises(SecretUnreadable, match="chmod 600"):
        async with shore.serving(OPERATED):
            pass
    assert desk.name not in right[1]


async def test_the_operators_port_stays_on_the_machine_without_tls(shore: Shore) -> None:
    settings = replace(SETTINGS, operator=OperatorSettings(enabled=True, port=0, host="0.0.0.0"))
    with pytest.raises(SettingsInvalid, match="SSH tunnel"):
        async with shore.serving(settings):
            pass


async def test_a_missing_certificate_is_named(shore: Shore, tmp_path: Path) -> None:
    settings = replace(SETTINGS, tls=TlsSettings(certificate_file=str(tmp_path / "absent.pem")))
    with pytest.raises(SettingsInvalid, match="key_file"):
        async with shore.serving(settings):
            pass


async def test_a_relay_that_stops_is_not_ready(shore: Shore) -> None:
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        health = Health(store, monotonic)
        assert (await health.ready()).status == 200
        health.stop()
        assert (await health.ready()).status == 503
