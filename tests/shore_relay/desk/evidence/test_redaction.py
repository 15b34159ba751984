"""What is removed is nowhere in the pack, its place is marked, and only the desk can show what it was."""

import base64
import hashlib
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shore_relay.desk.app import Desk
from shore_relay.desk.errors import BadRedaction, NotTied
from shore_relay.desk.evidence.finding import merged, occurrences
from shore_relay.desk.evidence.redaction import Redaction, Rounding
from shore_relay.desk.evidence.tying import tie
from shore_relay.desk.evidence.verifying import verify
from shore_relay.desk.handovers import load_handovers
from tests.shore_relay.desk.boat import SAID_AT, Boat
from tests.shore_relay.desk.evidence import pdf
from tests.shore_relay.desk.evidence.conftest import BURMESE, CHECK_IN, TEXT, VOICE, ZAWGYI
from tests.shore_relay.desk.evidence.packs import facts, files, made

EVERYTHING = Redaction(
    words=("somchai", "0812345678", "အောင်ကြည်"),
    spans={TEXT: ((41, 49),)},
    messages=frozenset({CHECK_IN}),
    vessels=True,
    rounding=Rounding.DAY,
    voices=frozenset({VOICE}),
    transcripts={VOICE: "Somchai broke my arm."},
)
"""Characters 41 to 48 of the text are "passport"."""


def every_byte(path: Path) -> Iterator[bytes]:
    """The ZIP itself, its files, every unfolded part of the PDF, and the words that the PDF shows."""
    yield path.read_bytes()
    for name, data in files(path).items():
        yield name.encode()
        yield data
        if name.endswith(".pdf"):
            yield from pdf.unfolded(data)
            yield pdf.text(data).encode()


def spellings(secret: str) -> Iterator[bytes]:
    """How a text could hide: encodings, cases, hashes of the bare value."""
    for text in {secret, secret.lower(), secret.upper()}:
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = text.encode(encoding)
            yield raw
            yield raw.hex().encode()
            yield base64.b64encode(raw).rstrip(b"=")
        for name in ("md5", "sha1", "sha256", "sha512"):
            digest = hashlib.new(name, text.encode()).digest()
            yield digest
            yield digest.hex().encode()


async def test_what_is_removed_is_in_no_byte_its_place_is_marked_and_only_the_desk_ties_it(
    received: Desk, boat: Boat, tmp_path: Path
) -> None:
    whole = await made(received, tmp_path / "whole.zip", TEXT, VOICE, BURMESE, CHECK_IN)
    redacted = await made(
        received, tmp_path / "redacted.zip", TEXT, VOICE, BURMESE, CHECK_IN, redaction=EVERYTHING
    )
    said = facts(whole)
    secrets = [
        "Somchai",
        "0812345678",
        "passport",
        "အောင်ကြည်",
        "ေအာင္ၾကည္",
        ZAWGYI,
        boat.name,
        boat.vessel.hex(),
        boat.fingerprint,
        "duress",
        "Under duress",
        str(SAID_AT),
        datetime.fromtimestamp(SAID_AT, UTC).strftime("%H:%M"),
        *(custody["sealed_sha256"] for message in said["messages"] for custody in message["custody"]),
        *(sound["spoken_sha256"] for sound in said["messages"][1]["sounds"]),
    ]

    held = list(every_byte(redacted))

    assert len(held) > 15
    for secret in secrets:
        for spelling in spellings(secret):
            assert not any(spelling in part for part in held), secret
    # The same search finds each of them in the whole pack, so it is a search that finds.
    found = list(every_byte(whole))
    for secret in secrets[:-3]:
        assert any(secret.encode() in part for part in found) or ":" in secret, secret
    assert not any(name.endswith(".wav") for name in files(redacted))
    _each_place_says_so(redacted)

    # Only the desk ties the two: not even a second pack with the same parts removed shares a value with it.
    twin = await made(received, tmp_path / "twin.zip", TEXT, VOICE, BURMESE, CHECK_IN, redaction=EVERYTHING)
    assert await tie(received, whole, redacted) > 20
    assert set(_commitments(facts(redacted))).isdisjoint(_commitments(facts(twin)))
    for other in (twin, redacted):
        with pytest.raises(NotTied):
            await tie(received, other, twin)
    with pytest.raises(NotTied):
        await tie(received, redacted, whole)
    handovers = {one.kind: one for one in await load_handovers(received)}
    assert "somchai" in handovers["evidence-redacted"].detail


def _each_place_says_so(path: Path) -> None:
    text, voice, burmese, check_in = facts(path)["messages"]
    shown = pdf.text(files(path)["evidence.pdf"])
    assert text["text"]["instead"] == "Captain [removed] of Vessel A keeps my [removed]. Call [removed]."
    assert voice["sounds"]["instead"] == "[removed] broke my arm."
    assert burmese["text"]["instead"] == ""
    assert burmese["text_in_unicode"]["instead"] == "ကပ္ပတိန် [removed] က ကျွန်တော့်ကို ရိုက်တယ်"
    assert set(check_in) == {"removed", "instead"}
    assert text["vessel"]["instead"] == "Vessel A"
    assert text["spoken_at"]["instead"] == "2026-09-21"
    assert facts(path)["title"]["instead"] == "Case 7: Vessel A"
    for words in ("Redacted", "Vessel A", "[removed]", "This message was removed as a whole", "2026-09-21"):
        assert words in shown
    assert verify(path).redacted


def _commitments(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"removed", "instead"}:
            yield value["removed"]
        for one in value.values():
            yield from _commitments(one)
    elif isinstance(value, list):
        for one in value:
            yield from _commitments(one)


@pytest.mark.parametrize(
    "redaction",
    [
        Redaction(words=("Nobody",)),
        Redaction(spans={TEXT: ((0, 9_999),)}),
        Redaction(spans={99: ((0, 1),)}),
        Redaction(messages=frozenset({99})),
        Redaction(voices=frozenset({TEXT})),
        Redaction(transcripts={VOICE: "words"}),
        # Whoever makes the pack is named in it, so that this name cannot be removed.
        Redaction(words=("Captain", "desk")),
    ],
)
async def test_a_redaction_that_would_not_do_what_it_says_makes_no_pack(
    received: Desk, tmp_path: Path, redaction: Redaction
) -> None:
    with pytest.raises(BadRedaction):
        await made(received, tmp_path / "pack.zip", TEXT, VOICE, redaction=redaction)
    with pytest.raises(BadRedaction):
        await made(received, tmp_path / "pack.zip", TEXT, redaction=Redaction(vessels=True), with_sealed=True)
    assert await load_handovers(received) == []


@pytest.mark.parametrize(
    ("rounding", "shown"), [(Rounding.HOUR, "2026-09-21 15:00 UTC"), (Rounding.MONTH, "2026-09")]
)
async def test_times_are_rounded_as_asked(
    received: Desk, tmp_path: Path, rounding: Rounding, shown: str
) -> None:
    path = await made(received, tmp_path / "pack.zip", TEXT, redaction=Redaction(rounding=rounding))

    assert facts(path)["messages"][0]["custody"][0]["arrived_at"]["instead"] == shown


def test_words_are_found_whatever_hides_them() -> None:
    assert occurrences("So\u200bM\u00adchai and SOMCHAI", "somchai") == [(0, 9), (14, 21)]
    assert occurrences("Blue\n  Dolphin", "blue dolphin") == [(0, 14)]
    assert occurrences("\uff33omchai", "Somchai") == [(0, 7)]
    assert occurrences("Đỗ Thị Hạnh", "đỗ thị hạnh") == [(0, 11)]
    assert occurrences("ကို", "က") == [(0, 3)]
    assert occurrences("K10 and K1.", "K1", whole=True) == [(8, 10)]
    assert occurrences("anything", " ") == []


@given(st.text(max_size=30), st.text(min_size=1, max_size=5), st.text(max_size=30))
def test_every_word_that_is_there_is_found_and_nothing_of_it_stays(
    before: str, word: str, after: str
) -> None:
    text = before + word + after
    found = merged(occurrences(text, word))
    kept = "".join(
        text[start:end]
        for start, end in zip(
            [0, *(end for _, end in found)], [*(s for s, _ in found), len(text)], strict=True
        )
    )
    if occurrences(word, word):
        assert found
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))
    assert len(kept) == len(text) - sum(end - start for start, end in found)
