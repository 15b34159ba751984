"""Search: words, beginnings of words, any of the eight languages, and only what whoever asks may see."""

import pytest

from protocol.message import WellBeing
from shore_relay.desk.actor import Role
from shore_relay.desk.app import Desk
from shore_relay.desk.folding import folded, matches, terms_of
from shore_relay.desk.lines import InboxLines
from shore_relay.desk.searching import FOUND_MAX, SearchIndex
from tests.shore_relay.desk.boat import Boat
from tests.shore_relay.desk.cases.arriving import arrive
from tests.shore_relay.desk.cases.conftest import boat  # noqa: F401  # A vessel of the office.
from tests.shore_relay.desk.people.conftest import (  # noqa: F401  # An office with every role.
    Clock,
    clock,
    founded,
    office,
    office_folder,
    page_of,
)
from tests.shore_relay.desk.people.office import browsing

FOUND = [
    ("They keep my passport.", "passport"),
    ("They keep my passport.", "PASS keep"),
    ("Không có tiền lương, đói", "khong doi"),
    ("Wala kaming sahod", "sahod wala"),
    ("Paspor saya ditahan", "paspor ditah"),
    ("เขายึดหนังสือเดินทางของผม", "หนังสือเดินทาง"),
    ("ເຂົາຍຶດໜັງສືຜ່ານແດນ", "ໜັງສື"),
    ("သူတို့က\u200bပတ်စပို့ သိမ်းထားတယ်", "ကပတ်စပို့"),
    ("គេរក្សាទុកលិខិតឆ្លងដែនរបស់ខ្ញុំ", "លិខិតឆ្លងដែន"),
    ("Bar-code:42%", "code 42"),
]


@pytest.mark.parametrize(("text", "query"), FOUND)
def test_a_word_or_its_beginning_is_found_in_every_script(text: str, query: str) -> None:
    assert matches(folded(text), terms_of(query))


@pytest.mark.parametrize(
    ("text", "query"),
    [("They keep my passport.", "port"), ("They keep my passport.", "passport gone"), ("สบายดี", "เดินทาง")],
)
def test_the_middle_of_a_word_or_only_some_of_the_words_are_not(text: str, query: str) -> None:
    assert not matches(folded(text), terms_of(query))


async def test_messages_are_found_newest_first_also_those_that_came_after_the_first_search(
    office: Desk,  # noqa: F811  # pytest gives a fixture under the name of its function.
    boat: Boat,  # noqa: F811  # As above.
) -> None:
    index = SearchIndex(office, InboxLines(office))
    await arrive(office, boat.text("No wages."), boat.text("Nothing to eat."))
    assert [entry.id for entry in (await index.search("wages")).entries] == [1]
    await arrive(office, *(boat.text(f"Wages, once more: {n}") for n in range(FOUND_MAX)))

    found = await index.search("wage")

    assert found.count == FOUND_MAX + 1
    assert [entry.id for entry in found.entries] == list(range(FOUND_MAX + 2, 2, -1))
    assert (await index.search("dolphin eat")).count == 1
    for nothing in ("", "  ", "...", "\u200b", "x" * 9_999):
        assert (await index.search(nothing)).count == 0


async def test_the_page_shows_what_was_found_and_no_check_in_to_a_partner(
    office: Desk,  # noqa: F811  # As above.
    boat: Boat,  # noqa: F811  # As above.
    clock: Clock,  # noqa: F811  # As above.
) -> None:
    await arrive(office, boat.text("<b>No</b> wages."), boat.check_in(WellBeing.DURESS))
    async with page_of(office, clock) as (_, address), browsing(address) as browser:
        await browser.log_in(Role.PARTNER)
        page = (await browser.get("/search?q=wages")).text
        assert "1 message found" in page
        assert "&lt;b&gt;No&lt;/b&gt; wages." in page
        assert "0 messages found" in (await browser.get("/search?q=duress")).text
        everything = (await browser.get("/search?q=dolphin")).text
        assert "2 messages found" in everything
        assert "open this one first" not in everything
        assert (await browser.get("/search?q=%ED%A0%80%00&q=2")).status == 200
