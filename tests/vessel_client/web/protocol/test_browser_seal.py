import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol import limits
from protocol.bundle import Mail
from protocol.deskkeys import DeskKey, desk_id, sign_keys
from protocol.errors import CannotOpen
from protocol.ids import BundleNumber, MailboxId, UnixSeconds, VesselId
from protocol.mailbox import ReceiptCode
from protocol.origin import desk_key_id, public_half
from protocol.seal import _mac, _shared, open_report, opened_proof, seal_mail
from tests.vessel_client.web.protocol.page import BrowserPage

VESSEL = VesselId(bytes(range(8)))
DESK_PRIVATE = bytes(range(1, 33))
DESK_PUBLIC = public_half(DESK_PRIVATE)
MAILBOX_PRIVATE = bytes(range(2, 34))
MAILBOX_PUBLIC = public_half(MAILBOX_PRIVATE)
MAILBOX = MailboxId(b"m" * 16)
KEY_OF_NOBODY = bytes(32)
"""A public key with which every exchange yields zeros."""

# --- seals -----------------------------------------------------------------------------------------

SEAL = """
    const { sealReport } = await load("seal");
    return toHex(await sealReport(fromHex(given.plain), fromHex(given.desk), fromHex(given.vessel)));
"""

OPEN_MAILS = """
    const { openMail } = await load("seal");
    const open = async ([mailbox, deskKey, tag, sealed, mailboxPrivate, deskPublic]) =>
        toHex(await openMail({ mailbox, deskKey, tag, sealed }, { mailboxPrivate, deskPublic }));
    return Promise.all(given.map((each) => outcome(() => open(each.map(fromHex)))));
"""


def mail_row(mail: Mail, mailbox_private: bytes, desk_public: bytes) -> list[str]:
    parts = (mail.mailbox, mail.desk_key, mail.tag, mail.sealed, mailbox_private, desk_public)
    return [part.hex() for part in parts]


@pytest.mark.parametrize("size_bytes", [1, limits.PADDED_SMALL_BYTES, 30_000])
@pytest.mark.parametrize("where", ["page", "local_page"])
def test_what_the_page_seals_only_the_desk_opens(
    where: str, size_bytes: int, request: pytest.FixtureRequest
) -> None:
    page: BrowserPage = request.getfixturevalue(where)
    plain = random.Random(size_bytes).randbytes(size_bytes)
    given = {"plain": plain.hex(), "desk": DESK_PUBLIC.hex(), "vessel": VESSEL.hex()}
    sealed = bytes.fromhex(page.run(SEAL, given))
    assert len(sealed) == size_bytes + limits.SEAL_OVERHEAD_BYTES
    assert open_report(sealed, DESK_PRIVATE, VESSEL) == plain
    assert page.run(SEAL, given) != sealed.hex()
    with pytest.raises(CannotOpen):
        open_report(sealed, DESK_PRIVATE, VesselId(b"another!"))
    with pytest.raises(CannotOpen):
        open_report(sealed, MAILBOX_PRIVATE, VESSEL)


def test_answers_from_the_desk_open_in_the_page(page: BrowserPage) -> None:
    plains = [b"a", b"b" * 219, b"c" * 20_000]
    mails = [
        seal_mail(plain, mailbox=MAILBOX, mailbox_public=MAILBOX_PUBLIC, desk_private=DESK_PRIVATE)
        for plain in plains
    ]
    found = page.run(OPEN_MAILS, [mail_row(mail, MAILBOX_PRIVATE, DESK_PUBLIC) for mail in mails])
    assert found == [plain.hex() for plain in plains]


def test_answers_of_others_do_not_open_in_the_page(page: BrowserPage) -> None:
    good = seal_mail(b"come", mailbox=MAILBOX, mailbox_public=MAILBOX_PUBLIC, desk_private=DESK_PRIVATE)
    foreign = seal_mail(b"come", mailbox=MAILBOX, mailbox_public=MAILBOX_PUBLIC, desk_private=MAILBOX_PRIVATE)
    mine = (MAILBOX_PRIVATE, DESK_PUBLIC)
    changed = Mail(mailbox=good.mailbox, desk_key=good.desk_key, tag=good.tag, sealed=good.sealed[:-1] + b"x")
    moved = Mail(mailbox=MailboxId(b"o" * 16), desk_key=good.desk_key, tag=good.tag, sealed=good.sealed)
    found = page.run(
        OPEN_MAILS,
        [
            mail_row(good, *mine),
            mail_row(foreign, *mine),
            mail_row(changed, *mine),
            mail_row(moved, *mine),
            mail_row(good, DESK_PRIVATE, DESK_PUBLIC),
            mail_row(good, MAILBOX_PRIVATE, KEY_OF_NOBODY),
        ],
    )
    assert found == [b"come".hex(), *[{"code": "not-authentic"}] * 5]


def test_an_answer_with_a_true_tag_round_a_foreign_seal_cannot_be_opened(page: BrowserPage) -> None:
    desk_key = desk_key_id(DESK_PUBLIC)
    shared = _shared(DESK_PRIVATE, MAILBOX_PUBLIC, desk_key)
    rows = []
    for sealed in (bytes(100), random.Random(1).randbytes(100), b"short"):
        tag = _mac(shared, b"mail" + MAILBOX + sealed)[: limits.MAIL_TAG_BYTES]
        mail = Mail(mailbox=MAILBOX, desk_key=desk_key, tag=tag, sealed=sealed)
        rows.append(mail_row(mail, MAILBOX_PRIVATE, DESK_PUBLIC))
    assert page.run(OPEN_MAILS, rows) == [{"code": "cannot-open"}] * 3


def test_proofs_that_the_desk_opened_are_those_of_python(page: BrowserPage) -> None:
    desk_key = desk_key_id(DESK_PUBLIC)
    numbers = [1, 255, 65_536, limits.BUNDLE_NUMBER_MAX]
    found = page.run(
        """
        const { openedProof } = await load("seal");
        const [mailbox, desk, deskKey, vessel] = given.keys.map(fromHex);
        return given.numbers.map((number) => toHex(openedProof(mailbox, desk, { deskKey, vessel, number })));
        """,
        {
            "numbers": numbers,
            "keys": [part.hex() for part in (MAILBOX_PRIVATE, DESK_PUBLIC, desk_key, VESSEL)],
        },
    )
    assert found == [
        opened_proof(
            DESK_PRIVATE, MAILBOX_PUBLIC, desk_key=desk_key, vessel=VESSEL, number=BundleNumber(number)
        ).hex()
        for number in numbers
    ]


# --- desk keys -------------------------------------------------------------------------------------


def test_key_lists_are_believed_only_if_their_desk_signed_them(page: BrowserPage) -> None:
    signing_private = bytes(range(3, 35))
    keys = tuple(
        DeskKey(public=public_half(bytes([n]) * 32), not_before=UnixSeconds(n), not_after=UnixSeconds(n + 9))
        for n in (1, 5)
    )
    good = sign_keys(keys, signing_private, UnixSeconds(1_750_000_000))
    public = Ed25519PrivateKey.from_private_bytes(signing_private).public_key().public_bytes_raw()
    assert good.desk == desk_id(public)
    rows = [
        (good.desk, good.signature, good.signed),
        (good.desk, good.signature[:-1] + b"\0", good.signed),
        (good.desk, good.signature, good.signed[:-1] + b"\0"),
        (good.desk, b"", good.signed),
        (b"another!", good.signature, good.signed),
    ]
    found = page.run(
        """
        const { checkKeys, keyInUse } = await load("deskkeys");
        const check = (row) => {
            const [desk, signature, signed] = row.map(fromHex);
            return checkKeys({ desk, signature, signed }, fromHex(given.public));
        };
        const plain = (key) => [toHex(key.id), toHex(key.public), key.notBefore, key.notAfter];
        const list = ({ issuedAt, keys }) => [issuedAt, ...keys.map(plain)];
        const { keys } = check(given.rows[0]);
        const times = [0, 1, 4, 5, 12, 13, 14];
        return {
            lists: await Promise.all(given.rows.map((row) => outcome(() => list(check(row))))),
            inUse: await Promise.all(times.map((now) => outcome(() => keyInUse(keys, now).notBefore))),
        };
        """,
        {"public": public.hex(), "rows": [[part.hex() for part in row] for row in rows]},
    )
    expected = [[key.id.hex(), key.public.hex(), key.not_before, key.not_after] for key in keys]
    assert found["lists"] == [[1_750_000_000, *expected], *[{"code": "not-authentic"}] * 4]
    assert found["inUse"] == [
        {"code": "desk-key-expired"},
        1,
        1,
        5,
        5,
        5,
        {"code": "desk-key-expired"},
    ]


# --- receipt codes ---------------------------------------------------------------------------------


def test_receipt_codes_are_those_of_python(page: BrowserPage) -> None:
    rng = random.Random(2)
    drawn = [bytes(32), b"\xff" * 32, *[rng.randbytes(32) for _ in range(30)]]
    found = page.run(
        """
        const { ReceiptCode } = await load("mailbox");
        return given.map((entropy) => {
            const code = ReceiptCode.draw(fromHex(entropy));
            const again = [ReceiptCode.fromDigits(code.digits()), ReceiptCode.fromPictures(code.pictures())];
            return [code.digits(), code.pictures(), ...again.map((each) => each.digits())];
        });
        """,
        [entropy.hex() for entropy in drawn],
    )
    codes = [ReceiptCode.draw(entropy) for entropy in drawn]
    assert found == [[code.digits(), list(code.pictures()), code.digits(), code.digits()] for code in codes]


def test_wrong_digits_and_pictures_are_refused_as_in_python(page: BrowserPage) -> None:
    code = ReceiptCode.draw(random.Random(4).randbytes(32))
    digits = code.digits()
    texts = [
        digits.replace(" ", "-"),
        digits.replace(" ", "\u00a0"),
        *[digits[:at] + str((int(digits[at]) + 1) % 10) + digits[at + 1 :] for at in (0, 6, 18)],
        digits[:-1],
        digits + "0",
        "",
        "၁" * 16,
    ]
    pictures = list(code.pictures())
    codes = [
        pictures,
        [(pictures[0] + 1) % 64, *pictures[1:]],
        [*pictures[:9], pictures[9] ^ 1],
        pictures[:9],
        [*pictures[:9], 64],
        [63] * 10,
    ]
    found = page.run(
        """
        const { ReceiptCode } = await load("mailbox");
        const fromEach = (read, all) => Promise.all(all.map((one) => outcome(() => read(one).digits())));
        return {
            texts: await fromEach(ReceiptCode.fromDigits, given.texts),
            codes: await fromEach(ReceiptCode.fromPictures, given.codes),
        };
        """,
        {"texts": texts, "codes": codes},
    )
    wrong = {"code": "wrong-code"}
    assert found == {"texts": [digits, digits, *[wrong] * 7], "codes": [digits, *[wrong] * 5]}


def test_a_receipt_code_is_drawn_anew_each_time_and_hides_itself(page: BrowserPage) -> None:
    first, second, *shown = page.run("""
        const { ReceiptCode } = await load("mailbox");
        const code = ReceiptCode.draw();
        const shown = [JSON.stringify(code), Object.keys(code).join(), `${code}`];
        return [code.digits(), ReceiptCode.draw().digits(), ...shown];
    """)
    assert first != second
    assert shown == ["{}", "", "[object Object]"]


@pytest.mark.parametrize("where", ["page", "local_page"])
def test_a_receipt_code_opens_the_same_mailbox_in_the_page(
    where: str, request: pytest.FixtureRequest
) -> None:
    page: BrowserPage = request.getfixturevalue(where)
    code = ReceiptCode.draw(random.Random(6).randbytes(32))
    found = page.run(
        """
        const { ReceiptCode } = await load("mailbox");
        const mailbox = await ReceiptCode.fromDigits(given).openMailbox();
        return [mailbox.id, mailbox.private, mailbox.public].map(toHex);
        """,
        code.digits(),
    )
    mailbox = code.open_mailbox()
    assert found == [part.hex() for part in (mailbox.id, mailbox.private, mailbox.public)]
