"""Eight languages on paper: shaped as HarfBuzz shapes them, and broken where a line may end."""

import unicodedata
from functools import partial

import pytest
import uharfbuzz
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from shore_relay.desk.evidence.typesetting.breaking import lines
from shore_relay.desk.evidence.typesetting.faces import Face, has_glyph, pieces, width_em
from shore_relay.desk.evidence.typesetting.paper import Paper
from shore_relay.desk.evidence.typesetting.showing import shown
from tests.shore_relay.desk.evidence import pdf

SAID = {
    "en": "They keep my passport; five months’ wages are owed – $1,200.",
    "id": "Kapten menahan paspor saya dan gaji lima bulan belum dibayar.",
    "fil": "Hawak ng kapitan ang pasaporte ko at hindi pa ako nababayaran.",
    "vi": "Thuyền trưởng giữ hộ chiếu của tôi, năm tháng lương chưa được trả.",
    "my": "ကျွန်တော့် နိုင်ငံကူးလက်မှတ်ကို သင်္ဘောကပ္ပတိန် သိမ်းထားတယ်။ ကြွေးမြီ ဥက္ကဋ္ဌ",
    "km": "ប្រធានកប៉ាល់យកលិខិតឆ្លងដែនខ្ញុំ។ ស្ត្រី កម្ពុជា",
    "th": "ไต้ก๋งยึดหนังสือเดินทาง น้ำดื่มไม่พอ ที่นี่ ป่ำ",
    "lo": "ນາຍເຮືອຍຶດໜັງສືຜ່ານແດນ ນ້ຳດື່ມບໍ່ພໍ ກຳລັງ",
}
"""One line each."""


def paper(title: str = "") -> Paper:
    return Paper(title=title, foot="", language="en", made_at=1_790_000_000)


@pytest.mark.parametrize("language", SAID)
def test_each_glyph_and_its_place_are_those_that_harfbuzz_gives(language: str) -> None:
    said, size_pt = SAID[language], 11.5
    document = paper()
    document.quote(said, language)
    # The page's number is set first.
    set_by_us = list(pdf.placed(document.bytes()))[len("1 ·") :]

    expected: list[pdf.Placed] = []
    x_em = 0.0
    for piece in pieces(said):
        font = TTFont(piece.face.path())
        buffer = uharfbuzz.Buffer()
        buffer.add_str(piece.text)
        buffer.direction, buffer.script, buffer.language = "ltr", piece.face.script, language
        shaper = uharfbuzz.Font(uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(piece.face.path()))))
        uharfbuzz.shape(shaper, buffer)
        upem = shaper.face.upem
        for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
            assert info.codepoint != 0, "the font lacks a letter"
            place = x_em + position.x_offset / upem
            expected.append(
                pdf.Placed(
                    outline=pdf.outline(font, info.codepoint),
                    x_pt=place * size_pt,
                    y_pt=position.y_offset / upem * size_pt,
                )
            )
            x_em += position.x_advance / upem

    assert [glyph.outline for glyph in set_by_us] == [glyph.outline for glyph in expected]
    left, base = set_by_us[0].x_pt - expected[0].x_pt, set_by_us[0].y_pt - expected[0].y_pt
    for ours, theirs in zip(set_by_us, expected, strict=True):
        assert ours.x_pt - left == pytest.approx(theirs.x_pt, abs=0.15)
        assert ours.y_pt - base == pytest.approx(theirs.y_pt, abs=0.05)


@given(
    said=st.text(st.sampled_from("".join(SAID.values()) + "\u200b\u200c\u200d "), max_size=120),
    width=st.floats(min_value=0.5, max_value=30),
)
@settings(max_examples=40, deadline=None)
def test_lines_hold_the_whole_text_and_cut_no_cluster(said: str, width: float) -> None:
    broken = list(lines(said, width, lambda part: width_em(part, "my")))

    assert "".join(broken).replace(" ", "") == said.replace(" ", "")
    for line in broken[1:]:
        assert not line or unicodedata.category(line[0]) not in ("Mn", "Mc", "Me")
    for line in broken[:-1]:
        assert not line.endswith(("\u1039", "\u17d2", *"เแโใไເແໂໃໄ"))


def test_lines_keep_to_their_width() -> None:
    for language, said in SAID.items():
        for line in lines(said * 5 + "x" * 300, 20, partial(width_em, language=language)):
            assert width_em(line, language) <= 20


def test_a_burmese_line_ends_between_syllables_and_an_english_one_between_words() -> None:
    assert list(lines("ကျွန်တော်နေမကောင်းဘူး", 5, lambda part: width_em(part, "my"))) == [
        "ကျွန်တော်",
        "နေမ",
        "ကောင်းဘူး",
    ]
    assert list(lines("They keep it", 5, lambda part: width_em(part, "en"))) == ["They keep", "it"]


def test_what_is_no_letter_of_ours_is_written_out_and_nothing_turns_or_hides() -> None:
    assert shown("a\u202eb", has_glyph) == "a[U+202E RIGHT-TO-LEFT OVERRIDE]b"
    assert shown("\x1b[31m\x00", has_glyph) == "[U+001B][31m[U+0000]"
    assert shown("😀", has_glyph) == "[U+1F600 GRINNING FACE]"
    assert shown("中", has_glyph) == "[U+4E2D]"
    assert shown("o" + "\u0301" * 90 + "k", has_glyph) == "o\u0301\u0301\u0301[+87]k"
    assert shown("a\r\nb\tc\u2028d", has_glyph) == "a\nb c d"
    # Spelling of our scripts stays as it is.
    for said in SAID.values():
        assert shown(said, has_glyph) == said


@given(st.lists(st.text(max_size=40), min_size=10, max_size=10))
@settings(max_examples=4, deadline=None)
def test_no_text_breaks_the_document(said: list[str]) -> None:
    document = paper(title=said[0])
    for one in said:
        document.quote(one, "th")
        document.row(one, one)

    assert pdf.text(document.bytes()) is not None


def test_a_thousand_letters_without_a_space_and_many_pages_stay_on_the_paper() -> None:
    document = paper()
    document.quote("x" * 2_000 + " {nb} " + "ကြ" * 400, "my")
    made = document.bytes()

    assert "{nb}" in pdf.text(made)
    assert all(0 <= glyph.x_pt <= 560 and 0 <= glyph.y_pt <= 842 for glyph in pdf.placed(made))


def test_every_font_ships_with_its_licence() -> None:
    for face in Face:
        font = TTFont(face.path())
        assert "SIL Open Font License" in font["name"].getDebugName(13)
    assert "SIL OPEN FONT LICENSE" in (face.path().parent / "LICENCE").read_text().upper()
