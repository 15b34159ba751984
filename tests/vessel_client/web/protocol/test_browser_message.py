import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from protocol.errors import ProtocolError
from protocol.ids import UnixSeconds
from protocol.message import (
    Body,
    Category,
    CheckIn,
    Message,
    Text,
    Voice,
    WellBeing,
    decode,
    encode,
    padded_size,
)
from protocol.priming import Language
from tests.vessel_client.web.protocol.page import BrowserPage

in_browser = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

FROM_JSON = """
    const { decode, encode } = await load("message");
    const fromJson = (each) => ({
        ...each,
        mailboxPublic: fromHex(each.mailboxPublic),
        body: {
            ...each.body,
            packed: fromHex(each.body.packed ?? ""),
            noteId: fromHex(each.body.noteId ?? ""),
            answers: new Map(each.body.answers ?? []),
        },
    });
    const bodyToJson = ({ kind, text, packed, noteId, wellBeing, answers }) => ({
        "text": () => ({ kind, text }),
        "voice": () => ({ kind, packed: toHex(packed), noteId: toHex(noteId) }),
        "check-in": () => ({ kind, wellBeing, answers: Array.from(answers) }),
    })[kind]();
    const toJson = (each) => ({
        ...each, mailboxPublic: toHex(each.mailboxPublic), body: bodyToJson(each.body),
    });
"""

ENCODE = (
    FROM_JSON
    + """
    return Promise.all(given.map(async (each) => toHex(await encode(fromJson(each)))));
"""
)
DECODE = (
    FROM_JSON
    + """
    const read = async (each) => toJson(await decode(fromHex(each)));
    return Promise.all(given.map((each) => outcome(() => read(each))));
"""
)


def body_json(body: Body) -> dict[str, object]:
    match body:
        case Text(text=text):
            return {"kind": "text", "text": text}
        case Voice(packed=packed, note_id=note_id):
            return {"kind": "voice", "packed": packed.hex(), "noteId": note_id.hex()}
        case CheckIn(well_being=well_being, answers=answers):
            listed = [[question, answer] for question, answer in answers.items()]
            return {"kind": "check-in", "wellBeing": well_being, "answers": listed}


def message_json(message: Message) -> dict[str, object]:
    return {
        "createdAt": message.created_at,
        "language": message.language,
        "body": body_json(message.body),
        "mailboxPublic": message.mailbox_public.hex(),
        "categories": list(message.categories),
    }


def decode_outcome(plain: bytes) -> object:
    try:
        return message_json(decode(plain))
    except ProtocolError as error:
        return {"code": error.code}


bodies = (
    st.builds(Text, text=st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
    | st.builds(
        Voice,
        packed=st.binary(min_size=1, max_size=700),
        note_id=st.just(b"") | st.binary(min_size=6, max_size=6),
    )
    | st.builds(
        CheckIn,
        well_being=st.sampled_from(WellBeing),
        answers=st.dictionaries(st.integers(0, 255), st.booleans(), max_size=8),
    )
)
messages = st.builds(
    Message,
    created_at=st.integers(0, 2**40).map(UnixSeconds),
    language=st.sampled_from(Language),
    body=bodies,
    mailbox_public=st.just(b"") | st.binary(min_size=32, max_size=32),
    categories=st.lists(st.sampled_from(Category), max_size=8).map(tuple),
)


@in_browser
@given(sent=st.lists(messages, max_size=10))
def test_any_message_encodes_to_the_same_bytes(page: BrowserPage, sent: list[Message]) -> None:
    encoded = page.run(ENCODE, [message_json(message) for message in sent])
    assert encoded == [encode(message).hex() for message in sent]
    assert page.run(DECODE, encoded) == [decode_outcome(encode(message)) for message in sent]


def test_sizes_are_padded_as_in_python(page: BrowserPage) -> None:
    sizes = [*range(700), 4_095, 4_096, 4_097, 65_535, 65_536, 299_999, 400_100]
    found = page.run('const { paddedSize } = await load("padding"); return given.map(paddedSize);', sizes)
    assert found == [padded_size(size) for size in sizes]


def test_damaged_messages_meet_the_same_verdict_as_in_python(page: BrowserPage) -> None:
    rng = random.Random(11)
    kinds: list[Body] = [
        Text(text="no wages for five months"),
        Voice(packed=b"v" * 40, note_id=b"n" * 6),
        CheckIn(well_being=WellBeing.HELP, answers={1: True, 200: False}),
    ]
    samples = []
    for body in kinds:
        message = Message(
            created_at=UnixSeconds(1_750_000_000),
            language=Language.THAI,
            body=body,
            mailbox_public=bytes(range(32)),
            categories=(Category.DEBT, Category.THREATS),
        )
        plain = encode(message, padded=False)
        for _ in range(150):
            changed = bytearray(plain)
            changed[rng.randrange(len(changed))] = rng.randrange(256)
            samples.append(bytes(changed) + bytes(rng.randint(0, 3)))
    found = page.run(DECODE, [sample.hex() for sample in samples])
    assert found == [decode_outcome(sample) for sample in samples]
    assert sum("body" in each for each in found) > 30
    assert sum("code" in each for each in found) > 30


def test_a_message_with_too_much_is_refused(page: BrowserPage) -> None:
    found = page.run(
        """
        const { encode } = await load("message");
        const rest = { createdAt: 1, language: 0, mailboxPublic: new Uint8Array(), categories: [] };
        const voice = (size) => ({ kind: "voice", packed: new Uint8Array(size), noteId: new Uint8Array() });
        const attempts = [
            { ...rest, body: voice(9), categories: Array(9).fill(1) },
            { ...rest, body: voice(400001) },
            { ...rest, body: { kind: "text", text: "a".repeat(4001) } },
        ];
        return Promise.all(attempts.map((each) => outcome(() => encode(each))));
        """
    )
    assert found == [{"code": "too-large"}] * 3
