"""The price of constant shape, and the settings that would make it leak or cost too much."""

from pathlib import Path

import pytest

from protocol.shape import Shape
from vessel_client.constant_shape import breaks_cap, carrying_s, monthly_cost
from vessel_client.errors import WrongSettings
from vessel_client.policy import NANO, Cap, Tariff
from vessel_client.settings_file import load_settings

HOURLY = Shape(packet_bytes=200, answer_bytes=200, interval_s=900.0)
ONLY_UDP = """
[bearers.tcp]
enabled = false
[bearers.websocket]
enabled = false
[bearers.udp]
shape_bytes = 200
"""


def settings_of(folder: Path, text: str) -> None:
    (folder / "settings.toml").write_text(text, "utf-8")


def test_800_bytes_an_hour_each_way_make_1_2_megabytes_a_month() -> None:
    cost = monthly_cost(HOURLY, Tariff(byte_nano=5_000, step_bytes=1, overhead_bytes=28))
    assert cost.packets == 2_880
    assert cost.size_bytes == 2 * 2_880 * 200
    assert cost.money_nano == 2 * 2_880 * 228 * 5_000


def test_a_message_link_pays_for_what_goes_up_alone() -> None:
    credit = NANO // 10
    cost = monthly_cost(
        Shape(packet_bytes=200, interval_s=3_600.0), Tariff(byte_nano=credit // 50, step_bytes=50)
    )
    assert cost.money_nano == 720 * 4 * credit


def test_a_shape_that_a_cap_would_end_is_told_apart() -> None:
    cost = monthly_cost(HOURLY, Tariff())
    assert not breaks_cap(cost, Cap(size_bytes=cost.size_bytes))
    assert breaks_cap(cost, Cap(size_bytes=cost.size_bytes - 1))


def test_a_voice_note_takes_as_many_slots_as_it_has_pieces() -> None:
    assert carrying_s(HOURLY, 171, 30) == 2 * 900.0


def test_a_shape_becomes_the_engines_link(tmp_path: Path) -> None:
    settings_of(tmp_path, ONLY_UDP)
    shapes = load_settings(tmp_path, {}).shapes()
    assert shapes == {"udp": Shape(packet_bytes=200, answer_bytes=200, interval_s=900.0)}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[bearers.udp]\nshape_bytes = 200\n", "enabled = false for tcp, websocket"),
        (ONLY_UDP + "[bearers.sbd]\nenabled = true\n", "enabled = false for sbd"),
        ("[bearers.tcp]\nshape_bytes = 200\n", "only udp and sbd"),
        (ONLY_UDP.replace("200", "119"), "from 120 to 1200"),
        (ONLY_UDP.replace("200", "1201"), "from 120 to 1200"),
        (ONLY_UDP + "shape_interval_s = 9\n", "shape_interval_s"),
        (ONLY_UDP + "cap_bytes = 1000000\n", "over its cap"),
    ],
)
def test_a_shape_that_leaks_or_breaks_is_refused(tmp_path: Path, text: str, named: str) -> None:
    settings_of(tmp_path, text)
    with pytest.raises(WrongSettings, match=named):
        load_settings(tmp_path, {})
