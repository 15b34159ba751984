import gzip
import json
import random
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.errors import MalformedMessage, ProtocolError
from protocol.frames import Priority
from protocol.mailbox import WrongCode
from protocol.message import URGENT_CATEGORIES, Category, WellBeing
from protocol.priming import Language, priming_text
from protocol.textpack import VERSION_PRIMED_1, pack_text, unpack_text
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice, unpack_voice
from protocol.wire import pack, unpack
from tests.vessel_client.web.protocol.page import WEB, BrowserPage

TESTS = Path(__file__).parents[3]
TEXT_VECTORS = json.loads((TESTS / "vectors" / "textpack.json").read_text(encoding="utf-8"))
VOICE_VECTORS = json.loads((TESTS / "vectors" / "voicepack.json").read_text(encoding="utf-8"))

VENDORED_GZIP_BYTES_MAX = 40_000

in_browser = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
"""Each example is a journey to the browser and back; lists inside one example make up for the few."""

PACK_TEXTS = """
    const { packText, unpackText } = await load("textpack");
    return Promise.all(given.map(async ([text, language]) => {
        const packed = await packText(text, language);
        return [toHex(packed), await unpackText(packed, language)];
    }));
"""

UNPACK_TEXTS = """
    const { unpackText } = await load("textpack");
    const unpack = ([packed, language]) => unpackText(fromHex(packed), language);
    return Promise.all(given.map((each) => outcome(() => unpack(each))));
"""

PACK_VOICES = """
    const { packVoice, unpackVoice } = await load("voicepack");
    return Promise.all(given.map(async ([codec, frames]) => {
        const packed = await packVoice({ codec, frames: frames.map(fromHex) });
        return [toHex(packed), (await unpackVoice(packed)).frames.map(toHex)];
    }));
"""

UNPACK_VOICES = """
    const { unpackVoice } = await load("voicepack");
    return Promise.all(given.map((packed) => outcome(async () => {
        const { codec, frames } = await unpackVoice(fromHex(packed));
        return [codec, frames.map(toHex)];
    })));
"""


def every_code(of: type[ProtocolError]) -> set[str]:
    return {of.code}.union(*(every_code(each) for each in of.__subclasses__()))


def reports(language: Language) -> list[str]:
    path = TESTS / "data" / "reports" / f"{language.tag}.txt"
    return path.read_text(encoding="utf-8").splitlines()


def text_outcome(packed: bytes, language: Language) -> object:
    try:
        return unpack_text(packed, language)
    except ProtocolError as error:
        return {"code": error.code}


def voice_outcome(packed: bytes) -> object:
    try:
        note = unpack_voice(packed)
    except ProtocolError as error:
        return {"code": error.code}
    return [int(note.codec), [frame.hex() for frame in note.frames]]


def damaged(rng: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(changed))
        changed[place : place + rng.randint(0, 1)] = rng.randbytes(rng.randint(0, 2))
    return bytes(changed)


def test_plain_http_offers_no_cryptography_to_lean_on(page: BrowserPage) -> None:
    assert page.run("return [isSecureContext, typeof crypto.subtle, typeof crypto.getRandomValues];") == [
        False,
        "undefined",
        "function",
    ]


def test_the_box_itself_is_a_secure_context(local_page: BrowserPage) -> None:
    assert local_page.run("return [isSecureContext, typeof crypto.subtle];") == [True, "object"]


def test_the_vendored_file_stays_small() -> None:
    vendored = (WEB / "vendor" / "cryptography.js").read_bytes()
    assert len(gzip.compress(vendored, 9)) <= VENDORED_GZIP_BYTES_MAX


def test_limits_are_those_of_python(page: BrowserPage) -> None:
    found: dict[str, int] = page.run('return { ...(await load("limits")) };')
    assert found == {name: getattr(limits, name) for name in found}


def test_error_codes_are_those_of_python_or_the_pages_own(page: BrowserPage) -> None:
    known = every_code(ProtocolError) | {WrongCode.code, "malformed-document"}
    found = set(page.run('return Object.values((await load("errors")).Code);'))
    assert found - known == {"box-unreachable", "box-failed", "page-incomplete"}


def test_numbers_on_the_wire_are_those_of_python(page: BrowserPage) -> None:
    found = page.run("""
        const { Category, URGENT_CATEGORIES, WellBeing } = await load("message");
        const { Language, tagOf, fromTag } = await load("language");
        const { Priority } = await load("box");
        const { VoiceCodec, framesMax, frameDurationMs, sampleRateHz } = await load("voicepack");
        const tags = Object.values(Language).map(tagOf);
        return {
            Category, WellBeing, Language, Priority, VoiceCodec, tags,
            urgent: [...URGENT_CATEGORIES].sort((left, right) => left - right),
            fromTags: tags.map(fromTag),
            codecs: Object.values(VoiceCodec).map(
                (codec) => [framesMax(codec), frameDurationMs(codec), sampleRateHz(codec)],
            ),
        };
    """)
    assert found == {
        **{
            kind.__name__: {each.name: each.value for each in kind}
            for kind in (Category, WellBeing, Language, Priority, VoiceCodec)
        },
        "tags": [language.tag for language in Language],
        "urgent": sorted(URGENT_CATEGORIES),
        "fromTags": list(Language),
        "codecs": [[each.frames_max, each.frame_duration_ms, each.sample_rate_hz] for each in VoiceCodec],
    }


@pytest.mark.parametrize("language", Language)
def test_served_priming_text_is_that_of_python(language: Language) -> None:
    served = json.loads((WEB / "static" / "priming" / f"{language.tag}.json").read_text(encoding="utf-8"))
    assert served == {"version": VERSION_PRIMED_1, "text": priming_text(language)}, "run scripts/web_priming"


# --- msgpack ---------------------------------------------------------------------------------------

EDGES = [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**40, 2**53 - 1]


def test_whole_numbers_take_the_shortest_form(page: BrowserPage) -> None:
    packed = page.run('const { pack } = await load("wire"); return given.map((n) => toHex(pack(n)));', EDGES)
    assert packed == [pack(number).hex() for number in EDGES]


def test_bytes_arrays_and_maps_take_the_shortest_form(page: BrowserPage) -> None:
    sizes = [0, 1, 15, 16, 255, 256, 65_535, 65_536]
    packed = page.run(
        """
        const { pack } = await load("wire");
        const { sha256 } = await import("/vendor/cryptography.js");
        const digest = (value) => toHex(sha256(pack(value)));
        return given.map((size) => [
            digest(new Uint8Array(size)),
            digest(Array(size).fill(7)),
            digest(new Map(Array.from({ length: size }, (_, key) => [key, 7]))),
        ]);
        """,
        sizes,
    )
    assert packed == [
        [
            sha256(pack(value)).hexdigest()
            for value in (bytes(size), (7,) * size, dict.fromkeys(range(size), 7))
        ]
        for size in sizes
    ]


wire_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    | st.binary(max_size=300)
)
wire_values = st.recursive(
    wire_scalars,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.integers(0, 2**32), inner, max_size=20),
    max_leaves=30,
)


@in_browser
@given(values=st.lists(wire_values, min_size=1, max_size=10))
def test_every_type_of_value_is_read_to_its_end(page: BrowserPage, values: list[Any]) -> None:
    packed = [msgpack.packb(value) for value in values]
    ends = page.run(
        'const { unpackPrefix } = await load("wire");'
        'return given.map((each) => unpackPrefix(fromHex(each + "c1"), "malformed-message").end);',
        [each.hex() for each in packed],
    )
    assert ends == [len(each) for each in packed]


def test_damaged_values_meet_the_same_verdict_as_in_python(page: BrowserPage) -> None:
    rng = random.Random(7)
    whole = pack({0: 2**33, 1: (1, 2, b"x" * 300), 5: {1: 1, 2: 0}, 200: b"y" * 40, 2**20: (9,) * 20})
    samples = [damaged(rng, whole) for _ in range(300)]
    samples += [b"", b"\xc1", b"\xd4\x00\x01", b"\x81\xa1a\x01", b"\x82\x01\x01\x01\x02", b"\x81\xc3\x01"]
    samples += [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xc6\xff\xff\xff\xff", b"\xa1\xff"]
    read = page.run(
        'const { unpack } = await load("wire");'
        'return Promise.all(given.map((each) => outcome(() => { unpack(fromHex(each), "malformed-message");'
        'return "read"; })));',
        [each.hex() for each in samples],
    )
    assert read == [_wire_verdict(each) for each in samples]
    assert "read" in read


def _wire_verdict(data: bytes) -> object:
    try:
        unpack(data, MalformedMessage)
    except MalformedMessage as error:
        return {"code": error.code}
    return "read"


# --- text ------------------------------------------------------------------------------------------


def test_text_vectors_pack_to_the_same_bytes_and_come_back(page: BrowserPage) -> None:
    vectors = [vector for vector in TEXT_VECTORS if "input" in vector]
    sent = [[vector["input"], Language.from_tag(vector["language"])] for vector in vectors]
    assert page.run(PACK_TEXTS, sent) == [[vector["packed_hex"], vector["input"]] for vector in vectors]


def test_faulty_text_vectors_are_refused_with_the_same_code(page: BrowserPage) -> None:
    vectors = [vector for vector in TEXT_VECTORS if "error" in vector]
    sent = [[vector["packed_hex"], Language.from_tag(vector["language"])] for vector in vectors]
    assert page.run(UNPACK_TEXTS, sent) == [{"code": vector["error"]} for vector in vectors]


@pytest.mark.parametrize("language", Language)
def test_reports_pack_to_the_same_bytes_and_come_back(page: BrowserPage, language: Language) -> None:
    found = page.run(PACK_TEXTS, [[report, language] for report in reports(language)])
    assert found == [[pack_text(report, language).hex(), report] for report in reports(language)]


@in_browser
@given(
    sent=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text("abc 😀ခ", max_size=60),
            st.sampled_from(Language),
        ),
        max_size=10,
    )
)
def test_any_text_packs_to_the_same_bytes(page: BrowserPage, sent: list[tuple[str, Language]]) -> None:
    found = page.run(PACK_TEXTS, sent)
    assert found == [[pack_text(text, language).hex(), text] for text, language in sent]


def test_damaged_text_meets_the_same_verdict_as_in_python(page: BrowserPage) -> None:
    rng = random.Random(3)
    samples = [
        (damaged(rng, pack_text(report, language)), language)
        for language in (Language.ENGLISH, Language.KHMER)
        for report in reports(language)
        for _ in range(5)
    ]
    found = page.run(UNPACK_TEXTS, [[packed.hex(), language] for packed, language in samples])
    assert found == [text_outcome(packed, language) for packed, language in samples]


def test_text_that_may_not_be_packed_is_refused(page: BrowserPage) -> None:
    found = page.run("""
        const { packText } = await load("textpack");
        const texts = ["\\u{1f600}".repeat(4000), "a".repeat(4001), "half \\ud83d", "\\udc00"];
        return Promise.all(texts.map((text) => outcome(async () => (await packText(text, 0)).length > 0)));
    """)
    assert found == [True, {"code": "too-large"}, {"code": "malformed-text"}, {"code": "malformed-text"}]


# --- voice -----------------------------------------------------------------------------------------


def test_voice_vectors_pack_to_the_same_bytes_and_come_back(page: BrowserPage) -> None:
    vectors = [vector for vector in VOICE_VECTORS if "frames_hex" in vector]
    found = page.run(PACK_VOICES, [[VoiceCodec[vector["codec"]], vector["frames_hex"]] for vector in vectors])
    assert found == [[vector["packed_hex"], vector["frames_hex"]] for vector in vectors]


def test_faulty_voice_vectors_are_refused_with_the_same_code(page: BrowserPage) -> None:
    vectors = [vector for vector in VOICE_VECTORS if "error" in vector]
    found = page.run(UNPACK_VOICES, [vector["packed_hex"] for vector in vectors])
    assert found == [{"code": vector["error"]} for vector in vectors]


codec2_notes = st.tuples(
    st.just(VoiceCodec.CODEC2_2400), st.lists(st.binary(min_size=6, max_size=6), max_size=30)
)
opus_notes = st.tuples(
    st.sampled_from([VoiceCodec.OPUS_NARROWBAND_60MS, VoiceCodec.OPUS_WIDEBAND_60MS]),
    st.lists(st.binary(max_size=600), max_size=10)
    | st.lists(st.binary(max_size=300).map(b"\x18".__add__), max_size=10),
)


@in_browser
@given(notes=st.lists(codec2_notes | opus_notes, max_size=10))
def test_any_note_packs_to_the_same_bytes(
    page: BrowserPage, notes: list[tuple[VoiceCodec, list[bytes]]]
) -> None:
    sent = [[codec, [frame.hex() for frame in frames]] for codec, frames in notes]
    expected = [
        [pack_voice(VoiceNote(codec=codec, frames=tuple(frames))).hex(), [frame.hex() for frame in frames]]
        for codec, frames in notes
    ]
    assert page.run(PACK_VOICES, sent) == expected


def test_damaged_notes_meet_the_same_verdict_as_in_python(page: BrowserPage) -> None:
    rng = random.Random(5)
    whole = [
        bytes.fromhex(vector["packed_hex"])
        for vector in VOICE_VECTORS
        if "frames_hex" in vector and len(vector["packed_hex"]) < 4_000
    ]
    samples = [damaged(rng, packed) for packed in whole for _ in range(20)]
    found = page.run(UNPACK_VOICES, [packed.hex() for packed in samples])
    assert found == [voice_outcome(packed) for packed in samples]


def test_notes_that_may_not_be_packed_are_refused(page: BrowserPage) -> None:
    found = page.run("""
        const { packVoice } = await load("voicepack");
        const notes = [
            { codec: 1, frames: Array(9001).fill(new Uint8Array(6)) },
            { codec: 1, frames: [new Uint8Array(5)] },
            { codec: 2, frames: Array(3001).fill(new Uint8Array(1)) },
            { codec: 3, frames: Array(3000).fill(new Uint8Array(200)) },
            { codec: 3, frames: [new Uint8Array(70000)] },
        ];
        return Promise.all(notes.map((note) => outcome(async () => (await packVoice(note)).length)));
    """)
    codes = ["too-large", "malformed-voice", "too-large", "too-large", "malformed-voice"]
    assert found == [{"code": code} for code in codes]
