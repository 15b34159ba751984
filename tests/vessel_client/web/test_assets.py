"""What the page looks up by name is there, small, and harmless to show."""

import json
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from protocol.priming import Language

ROOT = Path(__file__).parents[3]
WEB = ROOT / "vessel_client" / "web"
STATIC = WEB / "static"
ICONS = sorted((STATIC / "icons").glob("*.svg"))
PICTURES = sorted((STATIC / "pictures").glob("*.svg"))
TAGS = [language.tag for language in Language]
SOUNDS_BYTES_MAX = 6_000_000
FONTS_BYTES_MAX = 110_000

SCRIPT_SAMPLES = {
    "burmese": "ကျွန်ုပ်",
    "khmer": "ស្ត្រី",
    "thai": "น้ำ",
    "lao": "ໜີ້",
    "latin": "Nguyễn ở Đặng",
}


def names_in_the_document(section: str) -> set[str]:
    text = (ROOT / "docs" / "web-assets.md").read_text("utf-8")
    part = text.split(f"## {section}")[1].split("\n## ")[0]
    return set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", part))


def sound_index() -> dict[str, dict[str, object]]:
    index = json.loads((STATIC / "sounds" / "index.json").read_text("utf-8"))
    assert isinstance(index, dict)
    return index


def sound_keys(tag: str) -> list[str]:
    keys = sound_index()[tag]["keys"]
    assert isinstance(keys, list)
    return keys


def test_every_icon_of_the_document_exists_and_no_other() -> None:
    assert {path.stem for path in ICONS} == names_in_the_document("Icons: ")


def test_every_category_has_its_icon() -> None:
    catalogue = json.loads((WEB / "locales" / "en.json").read_text("utf-8"))
    categories = {key.removeprefix("category.") for key in catalogue if key.startswith("category.")}
    assert categories <= {path.stem for path in ICONS}


def test_there_are_sixty_four_receipt_pictures() -> None:
    assert [path.stem for path in PICTURES] == [f"{number:02d}" for number in range(64)]


@pytest.mark.parametrize("path", ICONS + PICTURES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_drawing_is_small_and_brings_nothing_that_runs_or_is_fetched(path: Path) -> None:
    root = ElementTree.fromstring(path.read_text("utf-8"))
    side, bytes_max = ("24", 2_000) if path in ICONS else ("48", 3_000)
    assert root.get("viewBox") == f"0 0 {side} {side}"
    assert path.stat().st_size <= bytes_max
    for part in root.iter():
        assert part.tag.partition("}")[2] not in {"script", "style", "image", "foreignObject", "a", "use"}
        assert not any(name.startswith("on") or name.endswith("href") for name in part.attrib)


@pytest.mark.parametrize("path", ICONS, ids=lambda path: path.stem)
def test_an_icon_has_one_colour_which_the_page_chooses(path: Path) -> None:
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', path.read_text("utf-8")))
    assert colours <= {"none", "currentColor"}


def test_no_two_drawings_are_the_same() -> None:
    for drawings in (ICONS, PICTURES):
        assert len({path.read_bytes() for path in drawings}) == len(drawings)


@pytest.mark.parametrize("tag", TAGS)
def test_the_list_of_sounds_names_exactly_the_files(tag: str) -> None:
    files = {path.stem for path in (STATIC / "sounds" / tag).glob("*.ogg")}
    assert set(sound_keys(tag)) == files
    assert sound_index()[tag]["format"] == "ogg"


@pytest.mark.parametrize("tag", TAGS)
def test_a_language_says_where_its_voice_comes_from(tag: str) -> None:
    source = sound_index()[tag]["source"]
    assert source in ({"native", "synthetic"} if sound_keys(tag) else {"none"})
    meta = json.loads((WEB / "locales" / f"{tag}.json").read_text("utf-8"))["_meta"]
    assert meta.get("sound", source) == source


@pytest.mark.parametrize("tag", TAGS)
def test_a_language_with_a_voice_can_say_every_label_that_has_no_number_in_it(tag: str) -> None:
    catalogue = json.loads((WEB / "locales" / f"{tag}.json").read_text("utf-8"))
    silent = re.compile(r"_meta|technician\.|when\.|error\.code")
    labels = {key for key, text in catalogue.items() if not silent.match(key) and "{" not in text}
    assert set(sound_keys(tag)) == (labels if sound_keys(tag) else set())


def test_every_sound_is_one_channel_of_opus_and_all_together_are_small() -> None:
    sounds = sorted((STATIC / "sounds").glob("*/*.ogg"))
    for path in sounds:
        data = path.read_bytes()
        assert data.startswith(b"OggS"), path
        assert struct.unpack_from("<8sBB", data, 28) == (b"OpusHead", 1, 1), path
    assert sum(path.stat().st_size for path in sounds) <= SOUNDS_BYTES_MAX


def test_the_fonts_are_small_and_each_is_declared() -> None:
    fonts = sorted((STATIC / "fonts").glob("*.woff2"))
    # The start page has each language's own name, in a font of those few letters.
    names = {f"{tag}-name" for tag in SCRIPT_SAMPLES if tag != "latin"}
    assert {path.stem for path in fonts} == set(SCRIPT_SAMPLES) | names
    assert all(path.read_bytes().startswith(b"wOF2") for path in fonts)
    assert sum(path.stat().st_size for path in fonts) <= FONTS_BYTES_MAX
    declared = re.findall(r'url\("([a-z-]+)\.woff2"\)', (STATIC / "fonts" / "fonts.css").read_text("utf-8"))
    assert set(declared) == {path.stem for path in fonts}


@pytest.mark.parametrize("name", sorted(SCRIPT_SAMPLES))
def test_the_letters_of_a_script_lead_to_its_own_font_only(name: str) -> None:
    css = (STATIC / "fonts" / "fonts.css").read_text("utf-8")
    faces = re.findall(r'url\("([a-z]+)\.woff2"\).*?unicode-range: ([^;]+);', css, re.DOTALL)
    for letter in SCRIPT_SAMPLES[name]:
        assert [face for face, ranges in faces if in_ranges(ord(letter), ranges)] == [name]


def in_ranges(code_point: int, ranges: str) -> bool:
    ends = [part.strip().removeprefix("U+").split("-") for part in ranges.split(",")]
    return any(int(first[0], 16) <= code_point <= int(first[-1], 16) for first in ends)


@pytest.mark.parametrize("folder", ["icons", "pictures", "fonts"])
def test_what_others_made_comes_with_its_licence(folder: str) -> None:
    assert "Copyright" in (STATIC / folder / "LICENCE").read_text("utf-8")
