"""What is shipped for Prometheus and Grafana asks only for metrics that a relay really has."""

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from protocol.ids import UnixSeconds
from shore_relay.relay.app import unix_time
from shore_relay.relay.data_folder import database_path
from shore_relay.relay.operating_settings import OperatorSettings
from shore_relay.relay.settings import SbdSettings
from shore_relay.relay.store.sqlite import SqliteStore
from shore_relay.relay.watch.facts import Live, gather
from shore_relay.relay.watch.metrics import render
from tests.shore_relay.relay.shore import SETTINGS, Desk, make_shore

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
METRIC = re.compile(r"\b(?:seavoice_relay|process)_[a-z_]+\b")


@pytest.fixture
async def scraped(tmp_path: Path) -> frozenset[str]:
    """Every name of a sample, as a relay with every option on tells it."""
    shore = await make_shore(tmp_path)
    desk = Desk(name="Haven")
    await shore.add_desk(desk)
    await shore.add_vessel("Mercy", desk)
    settings = replace(
        SETTINGS, operator=OperatorSettings(metrics_by_vessel=True), sbd=SbdSettings(price_per_credit=0.1)
    )
    live = Live(awake=1, connected=1, connections={}, commits=1, steps=1, refusals={"tcp-unknown-key": 1})
    async with await SqliteStore.open(database_path(shore.folder)) as store:
        facts = await gather(shore.folder, settings, store, unix_time(), live)
    text = render(replace(facts, certificate_ends_at=UnixSeconds(2**31))).decode()
    families = list(text_string_to_metric_families(text))
    # A family without a sample now has one as soon as there is something to tell.
    named = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    return frozenset({sample.name for family in families for sample in family.samples} | named)


def alerts() -> list[dict[str, object]]:
    document = yaml.safe_load((FOLDER / "seavoice-alerts.yml").read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One panel of the dashboard: what it asks for, and its cells."""

    asks: tuple[str, ...]
    cells: frozenset[tuple[int, int]]


def panels() -> list[Panel]:
    document = json.loads((FOLDER / "grafana-seavoice-relay.json").read_text())
    return [
        Panel(
            asks=tuple(target["expr"] for target in panel["targets"]),
            cells=frozenset(
                (x, y)
                for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
                for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
            ),
        )
        for panel in document["panels"]
    ]


def test_each_alert_asks_for_what_there_is_and_says_what_to_do(scraped: frozenset[str]) -> None:
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(map(str, names))) >= 10
    for rule in alerts():
        asked = set(METRIC.findall(str(rule["expr"])))
        assert asked <= scraped, rule["alert"]
        assert asked or str(rule["expr"]).startswith("up{")
        annotations = rule["annotations"]
        assert isinstance(annotations, dict)
        assert annotations["summary"]
        assert annotations["description"]
        assert isinstance(rule["labels"], dict)
        assert rule["labels"]["severity"] in ("page", "warn")


def test_each_panel_asks_for_what_there_is(scraped: frozenset[str]) -> None:
    assert len(panels()) >= 10
    for panel in panels():
        for expression in panel.asks:
            asked = set(METRIC.findall(expression))
            assert asked, expression
            assert asked <= scraped, expression


def test_no_two_panels_lie_on_one_another() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        assert not panel.cells & taken
        taken |= panel.cells


def test_the_scrape_goes_to_the_default_port_and_loads_the_alerts() -> None:
    document = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    (job,) = document["scrape_configs"]
    operator = OperatorSettings()
    assert job["static_configs"][0]["targets"] == [f"{operator.host}:{operator.port}"]
    assert all((FOLDER / name).exists() for name in document["rule_files"])
