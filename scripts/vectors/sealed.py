"""Vectors of messages, seals, origin tags and mailboxes: SPEC §5, §6, §7."""

from collections.abc import Callable

from protocol import message, origin, seal
from protocol.bundle import DeskState
from protocol.ids import BundleNumber
from protocol.mailbox import ReceiptCode
from protocol.message import Category, CheckIn, Message, Text, Voice, WellBeing
from protocol.priming import Language
from protocol.wire import pack
from scripts.vectors.entries import (
    BOX,
    CODE,
    CREATED_AT,
    DESK,
    DESK_PUBLIC,
    OTHER_DESK,
    OTHER_VESSEL,
    VESSEL,
    Entry,
    entry,
    fixed,
    flipped,
    plain,
    refused,
)


def example_messages() -> dict[str, Message]:
    """Return one message of each sort."""
    mailbox = origin.public_half(fixed("mailbox key"))
    return {
        "check-in": Message(
            created_at=CREATED_AT,
            language=Language.BURMESE,
            body=CheckIn(well_being=WellBeing.UNWELL, answers={1: True, 4: False}),
            mailbox_public=mailbox,
        ),
        "duress": Message(
            created_at=CREATED_AT,
            language=Language.THAI,
            body=CheckIn(well_being=WellBeing.DURESS, answers={}),
        ),
        "text": Message(
            created_at=CREATED_AT,
            language=Language.ENGLISH,
            body=Text(text="They have not paid us for five months. Please help."),
            mailbox_public=mailbox,
            categories=(Category.UNPAID_WAGES, Category.PAPERS_KEPT),
        ),
        "voice": Message(
            created_at=CREATED_AT,
            language=Language.INDONESIAN,
            body=Voice(packed=fixed("voice") * 20, note_id=fixed("note", 6)),
            mailbox_public=mailbox,
        ),
        "answer": Message(
            created_at=CREATED_AT,
            language=Language.VIETNAMESE,
            body=Text(text="Chúng tôi đã nhận được tin của bạn."),
        ),
    }


def message_entries() -> list[Entry]:
    """Return the vectors of SPEC §5.3."""
    entries = [
        entry(
            name, message=value, plaintext=message.encode(value), unpadded=message.encode(value, padded=False)
        )
        for name, value in example_messages().items()
    ]
    check_in = message.encode(example_messages()["duress"], padded=False)
    entries.append(
        entry(
            "key of the future, passed over",
            message=example_messages()["duress"],
            plaintext=bytes([check_in[0] + 1]) + check_in[1:] + b"\x63\x01",
            read_only=True,
        )
    )
    wrong: dict[str, bytes] = {
        "empty": b"",
        "truncated": check_in[:-1],
        "padding that is not zero": message.encode(example_messages()["duress"])[:-1] + b"\x01",
        "no body": pack({0: 1, 1: 0}),
        "two bodies": pack({0: 1, 5: b"x", 7: 1}),
        "key twice": bytes.fromhex("83000100010701"),
        "no time": pack({7: 1}),
        "unknown language": pack({0: 1, 1: 8, 7: 1}),
        "unknown state": pack({0: 1, 7: 5}),
        "mailbox key too short": pack({0: 1, 2: bytes(31), 7: 1}),
        "note id too short": pack({0: 1, 5: b"x", 6: bytes(5)}),
        "nine categories": pack({0: 1, 3: tuple(range(1, 10)), 7: 1}),
        "voice over the limit": pack({0: 1, 5: bytes(400_001)}),
    }
    sizes = [1, 119, 120, 218, 219, 256, 300, 4_500, 60_000, 400_100]
    entries.append(entry("padded sizes", sizes=sizes, padded=[message.padded_size(size) for size in sizes]))
    return entries + [
        entry(name, plaintext=data, refused_by=refused("message", "malformed-message"))
        for name, data in wrong.items()
        if len(data) < 1_000
    ]


def seals(kept: Callable[[str, Callable[[], Entry]], Entry]) -> list[Entry]:
    """Return the vectors of SPEC §6; what is sealed is kept from one run to the next."""
    text = example_messages()["text"]
    plaintext = message.encode(text)
    mailbox = CODE.open_mailbox()
    report = kept(
        "report",
        lambda: entry(
            "report",
            desk_private=DESK,
            desk_public=DESK_PUBLIC,
            vessel=VESSEL,
            plaintext=plaintext,
            sealed=seal.seal_report(plaintext, DESK_PUBLIC, VESSEL),
        ),
    )
    answer = kept(
        "mail",
        lambda: entry(
            "mail",
            desk_public=DESK_PUBLIC,
            mailbox_private=mailbox.private,
            plaintext=plaintext,
            mail=seal.seal_mail(
                plaintext, mailbox=mailbox.id, mailbox_public=mailbox.public, desk_private=DESK
            ),
        ),
    )
    key = origin.desk_key_id(DESK_PUBLIC)
    proof = entry(
        "opened proof",
        desk_private=DESK,
        desk_public=DESK_PUBLIC,
        mailbox_private=mailbox.private,
        mailbox_public=mailbox.public,
        vessel=VESSEL,
        number=7,
        proof=seal.opened_proof(DESK, mailbox.public, desk_key=key, vessel=VESSEL, number=BundleNumber(7)),
    )
    sealed = bytes.fromhex(str(report["sealed"]))
    base = {key: value for key, value in report.items() if key != "plaintext"}
    cannot = {"refused_by": plain(refused("seal", "cannot-open"))}
    faults: list[Entry] = [
        base | cannot | {"name": "wrong vessel in info", "vessel": OTHER_VESSEL.hex()},
        base | cannot | {"name": "wrong desk key", "desk_private": OTHER_DESK.hex()},
        base | cannot | {"name": "truncated", "sealed": sealed[:-1].hex()},
        base | cannot | {"name": "too short", "sealed": sealed[:20].hex()},
        base | cannot | {"name": "one bit of the key flipped", "sealed": flipped(sealed, 0).hex()},
        base | cannot | {"name": "one bit of the tag flipped", "sealed": flipped(sealed).hex()},
    ]
    return [report, answer, proof, *faults, *_mail_faults(answer)]


def _mail_faults(answer: Entry) -> list[Entry]:
    mail = answer["mail"]
    assert isinstance(mail, dict)
    base: Entry = {key: value for key, value in answer.items() if key != "plaintext"}
    base["refused_by"] = plain(refused("seal", "not-authentic"))
    changed: dict[str, Entry] = {
        "mail, tag flipped": {"tag": flipped(bytes.fromhex(str(mail["tag"]))).hex()},
        "mail, moved to another mailbox": {"mailbox": fixed("another", 16).hex()},
        "mail, one bit of the seal flipped": {"sealed": flipped(bytes.fromhex(str(mail["sealed"]))).hex()},
        "mail, another desk named": {"desk_key": fixed("another", 4).hex()},
    }
    return [base | {"name": name, "mail": mail | change} for name, change in changed.items()]


def origin_entries() -> list[Entry]:
    """Return the vectors of SPEC §5.2."""
    key = origin.OriginKey.for_box(BOX, DESK_PUBLIC, VESSEL)
    sealed = fixed("sealed") * 2
    tag = key.tag_bundle(BundleNumber(7), sealed)
    public = origin.public_half(BOX)
    keys = {
        "box_private": BOX,
        "box_public": public,
        "desk_private": DESK,
        "desk_public": DESK_PUBLIC,
        "vessel": VESSEL,
    }
    numbers, proofs = ((1, 4), (6, 7)), (fixed("proof", 8), b"", fixed("proof 3", 8), b"")
    receipt_tag = key.tag_receipt(DeskState.OPENED, numbers, proofs)
    receipt = {"state": DeskState.OPENED, "numbers": numbers, "proofs": proofs}
    no = {"refused_by": refused("origin", "not-authentic")}
    return [
        entry(
            "names", public=public, key_id=origin.desk_key_id(public), fingerprint=origin.fingerprint(public)
        ),
        entry("bundle", **keys, number=7, sealed=sealed, tag=tag),
        entry("receipt", **keys, **receipt, tag=receipt_tag),
        entry("number changed", **keys, number=8, sealed=sealed, tag=tag, **no),
        entry("one bit of the sealed bytes flipped", **keys, number=7, sealed=flipped(sealed), tag=tag, **no),
        entry("one bit of the tag flipped", **keys, number=7, sealed=sealed, tag=flipped(tag), **no),
        entry("another vessel", **keys | {"vessel": OTHER_VESSEL}, number=7, sealed=sealed, tag=tag, **no),
        entry("another desk", **keys | {"desk_private": OTHER_DESK}, number=7, sealed=sealed, tag=tag, **no),
        entry("receipt, state changed", **keys, **receipt | {"state": 1}, tag=receipt_tag, **no),
        entry(
            "receipt, number added", **keys, **receipt | {"numbers": ((1, 4), (6, 8))}, tag=receipt_tag, **no
        ),
        entry("receipt, proof left out", **keys, **receipt | {"proofs": proofs[:3]}, tag=receipt_tag, **no),
        entry("useless key", **keys | {"box_public": bytes(32)}, number=7, sealed=sealed, tag=tag, **no),
    ]


def mailbox_entries() -> list[Entry]:
    """Return the vectors of SPEC §7."""
    zero = ReceiptCode.draw(bytes(32))
    entries = []
    for name, code in (("code", CODE), ("smallest code", zero)):
        mailbox = code.open_mailbox()
        entries.append(
            entry(
                name,
                digits=code.digits(),
                pictures=code.pictures(),
                mailbox=mailbox.id,
                private=mailbox.private,
                public=mailbox.public,
            )
        )
    digits, pictures = CODE.digits(), CODE.pictures()
    no = {"refused_by": refused("mailbox", "wrong-code")}
    wrong_digit = str((int(digits[0]) + 1) % 10) + digits[1:]
    at = next(at for at in range(3) if digits[at] != digits[at + 1])
    swapped = digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]
    return [
        *entries,
        entry("one wrong digit", digits=wrong_digit, **no),
        entry("two neighbours exchanged", digits=swapped, **no),
        entry("a digit missing", digits=digits[:-1], **no),
        entry("letters", digits="abcd efgh ijkl mnop", **no),
        entry("one wrong picture", pictures=(pictures[0] ^ 1, *pictures[1:]), **no),
        entry("a picture missing", pictures=pictures[:-1], **no),
        entry("a picture that does not exist", pictures=(64, *pictures[1:]), **no),
    ]
