"""The protocol's test vectors: fixed keys in, expected bytes out, and one fault each with who must refuse it.

Every file is a JSON array of objects. Bytes are lower-case hexadecimal, ranges are [start, end) pairs. An
entry either states what comes out, or `refused_by` with the layer and the code of the error. HPKE draws its
own randomness, so what it sealed is made once and kept: those entries are opened, never made again.
"""

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256
from pathlib import Path

from protocol import bundle as bundles
from protocol import deskkeys, frames, linkguard, message, origin, rekey, seal
from protocol.bundle import DeskReceipt, DeskState, Introduction, Keys, Mail, Report
from protocol.deskkeys import DeskKey
from protocol.frames import Ack, More, Next, Priority, Receipt, Refusal, Refuse, Resync, Start, Status
from protocol.ids import BundleNumber, MailboxId, UnixSeconds, VesselId
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import Side
from protocol.mailbox import ReceiptCode
from protocol.message import Category, CheckIn, Message, Text, Voice, WellBeing
from protocol.priming import Language
from protocol.wire import pack

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]
Entry = dict[str, Json]


def fixed(name: str, size_bytes: int = 32) -> bytes:
    """Return bytes that follow from their name, so that everybody can make them again."""
    return sha256(b"seavoice vector " + name.encode()).digest()[:size_bytes]


SECRET = fixed("link secret")
VESSEL = VesselId(fixed("vessel", 8))
OTHER_VESSEL = VesselId(fixed("other vessel", 8))
BOX = fixed("box")
DESK = fixed("desk")
OTHER_DESK = fixed("other desk")
RELAY = fixed("relay")
SIGNER = fixed("signer")
DESK_PUBLIC = origin.public_half(DESK)
CODE = ReceiptCode.draw(fixed("receipt code"))
CREATED_AT = UnixSeconds(1_760_000_000)


def plain(value: object) -> Json:
    """Return a value of the protocol as JSON."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Enum):
        return plain(value.value)
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    assert is_dataclass(value)
    name = type(value).__name__.lower()
    return {"type": name} | {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def entry(name: str, **values: object) -> Entry:
    """Return one entry of a file."""
    return {"name": name} | {key: plain(value) for key, value in values.items()}


def refused(layer: str, code: str) -> dict[str, str]:
    """Return which layer must refuse an entry, and with which code."""
    return {"layer": layer, "code": code}


def flipped(data: bytes, at: int = -1) -> bytes:
    """Return the bytes with one bit changed."""
    changed = bytearray(data)
    changed[at] ^= 1
    return bytes(changed)


# --- packets ---


def packets() -> list[Entry]:
    """Return the vectors of SPEC §3."""
    following = linkguard.ratchet(SECRET)
    entries = [
        entry(
            "link keys",
            secret=SECRET,
            next_secret=following,
            rekey_key=linkguard.rekey_secret(SECRET),
            key_id=_guard(Side.VESSEL).key_ids()[0],
        )
    ]
    said = frames.encode(Refuse(number=1, reason=Refusal.BUSY)) + frames.encode(Next(data=b"x"))
    for sender in Side:
        for named in (True, False):
            packet = _guard(sender).seal(said, named=named)
            entries.append(
                entry(
                    f"{sender.value} {'named' if named else 'unnamed'}",
                    secret=SECRET,
                    sender=sender,
                    counter=0,
                    plaintext=said,
                    packet=packet,
                )
            )
    ahead = _guard(Side.VESSEL, secret=following, generation=1).seal(said, named=False)
    entries.append(
        entry("one generation ahead", secret=SECRET, sender=Side.VESSEL, plaintext=said, packet=ahead)
    )
    stream = _guard(Side.VESSEL).seal_stream(named=True)
    pieces = [b"first", b"", b"third"]
    records = [stream.seal(piece) for piece in pieces]
    entries.append(entry("stream", secret=SECRET, sender=Side.VESSEL, plaintexts=pieces, records=records))
    entries += _packet_faults(_guard(Side.VESSEL).seal(said, named=True))
    entries.append(
        entry(
            "records of a stream exchanged",
            secret=SECRET,
            sender=Side.VESSEL,
            records=[records[0], records[2]],
            refused_by=refused("packet", "not-authentic"),
        )
    )
    return entries


def _guard(side: Side, *, secret: bytes = SECRET, generation: int = 0) -> LinkGuard:
    return LinkGuard(GuardState(secret=secret, generation=generation), side, lambda _state: None)


def _packet_faults(packet: bytes) -> list[Entry]:
    unknown = packet[:1] + flipped(packet[1:5]) + packet[5:]
    two_ahead = linkguard.ratchet(linkguard.ratchet(SECRET))
    faults: list[tuple[str, bytes, str]] = [
        ("empty", b"", "malformed-packet"),
        ("truncated below a header and a tag", packet[:15], "malformed-packet"),
        ("truncated", packet[:-1], "not-authentic"),
        ("one bit of the ciphertext flipped", flipped(packet, 8), "not-authentic"),
        ("one bit of the tag flipped", flipped(packet), "not-authentic"),
        ("one bit of the counter flipped", flipped(packet, 7), "not-authentic"),
        ("version of the future", bytes([2 << 5]) + packet[1:], "unknown-version"),
        ("version of the past", bytes([0]) + packet[1:], "malformed-packet"),
        ("form that does not exist", bytes([1 << 5 | 9]) + packet[1:], "malformed-packet"),
        ("unknown key id", unknown, "unknown-key"),
        (
            "two generations ahead",
            _guard(Side.VESSEL, secret=two_ahead, generation=2).seal(b"", named=True),
            "unknown-key",
        ),
        ("sent back to its sender", _guard(Side.RELAY).seal(b"", named=True), "not-authentic"),
    ]
    entries = [
        entry(name, secret=SECRET, sender=Side.VESSEL, packet=data, refused_by=refused("packet", code))
        for name, data, code in faults
    ]
    replay = entry(
        "counter replayed",
        secret=SECRET,
        sender=Side.VESSEL,
        accepted_before=[packet],
        packet=packet,
        refused_by=refused("packet", "replayed"),
    )
    return [*entries, replay]


# --- frames and bundles ---


def frame_entries() -> list[Entry]:
    """Return the vectors of SPEC §4."""
    valid: dict[str, frames.Frame] = {
        "start, whole bundle": Start(number=1, total_bytes=5, priority=Priority.URGENT, data=b"whole"),
        "start, first piece": Start(
            number=70_000, total_bytes=60_000, priority=Priority.THIN_VOICE, data=b"piece"
        ),
        "more": More(number=300, offset=1_000, data=b"later"),
        "next": Next(data=b"behind"),
        "ack": Ack(number=5, end=2_400),
        "ack with gaps": Ack(number=5, end=2_400, beyond=((3_000, 3_600), (4_200, 4_500))),
        "resync, nothing held": Resync(),
        "resync, asking": Resync(reply_wanted=True, floor=12),
        "resync, everything": Resync(
            reply_wanted=True,
            floor=12,
            beyond=((14, 15), (20, 24)),
            partial=(Ack(number=13, end=0, beyond=((100, 200),)), Ack(number=16, end=900)),
            complete=False,
        ),
        "receipt": Receipt(numbers=((7, 8),)),
        "receipt for several": Receipt(numbers=((7, 10), (12, 13))),
        "refuse": Refuse(number=9, reason=Refusal.UNKNOWN_DESK),
        "status": Status(values={1: 80, 2: -3}),
    }
    wrong: dict[str, bytes] = {
        "truncated": frames.encode(valid["ack with gaps"])[:-1],
        "no array": pack(7),
        "empty array": pack(()),
        "bundle number 0": pack((1, 0, 2, b"x")),
        "unknown priority": pack((1, 1, 5, b"x")),
        "empty fragment": pack((3, b"")),
        "extra field": pack((3, b"x", 1)),
        "later fragment at offset 0": pack((2, 1, 0, b"x")),
        "size over the limit": pack((1, 1, 2, b"x", 1_000_001)),
        "size smaller than the fragment": pack((1, 1, 2, b"xyz", 2)),
        "range that touches the one before": pack((4, 1, 5, 0, 1)),
        "range of nothing": pack((4, 1, 5, 1, 0)),
        "number over the limit": pack((6, 2**32)),
        "text where bytes belong": pack((3, "x")),
        "map with a key twice": bytes.fromhex("92088201010102"),
        "extension": bytes.fromhex("c70003"),
        "257 frames": frames.encode(Next(data=b"x")) * 257,
    }
    good = [entry(name, frame=value, bytes=frames.encode(value)) for name, value in valid.items()]
    skipped = entry(
        "type of the future, skipped", frame={"type": "unknownframe", "number": 99}, bytes=pack((99, 1))
    )
    bad = [
        entry(name, bytes=data, refused_by=refused("frame", "malformed-frame"))
        for name, data in wrong.items()
    ]
    return [*good, skipped, *bad]


def bundle_entries() -> list[Entry]:
    """Return the vectors of SPEC §5.1."""
    key = origin.desk_key_id(DESK_PUBLIC)
    valid: dict[str, bundles.Bundle] = {
        "report": Report(desk_key=key, origin_tag=fixed("tag", 8), sealed=fixed("sealed") * 2),
        "report with a lifetime": Report(
            desk_key=key, origin_tag=fixed("tag", 8), sealed=fixed("sealed") * 2, lifetime=15
        ),
        "introduction": Introduction(box_public=origin.public_half(BOX)),
        "mail": Mail(
            mailbox=MailboxId(fixed("mailbox", 16)),
            desk_key=key,
            tag=fixed("tag", 16),
            sealed=fixed("sealed") * 2,
        ),
        "keys": Keys(desk=deskkeys.desk_id(fixed("x")), signature=fixed("s") * 2, signed=b"\x92\x01\xc0"),
        "desk receipt": DeskReceipt(
            desk_key=key, state=DeskState.FETCHED, numbers=((1, 4), (6, 7)), tag=fixed("tag", 8)
        ),
        "desk receipt with proofs": DeskReceipt(
            desk_key=key,
            state=DeskState.OPENED,
            numbers=((2, 4),),
            tag=fixed("tag", 8),
            proofs=(fixed("proof", 8), b""),
        ),
    }
    report = bundles.encode(valid["report"])
    receipt = bundles.encode(valid["desk receipt"])
    wrong: dict[str, bytes] = {
        "empty": b"",
        "unknown kind": b"\x50" + report[1:],
        "report without content": report[: 1 + 4 + 8 + 48],
        "introduction, truncated": bundles.encode(valid["introduction"])[:-1],
        "introduction, one byte more": bundles.encode(valid["introduction"]) + b"x",
        "mail, truncated": bundles.encode(valid["mail"])[:80],
        "keys, truncated": bundles.encode(valid["keys"])[:73],
        "desk receipt, truncated": receipt[:-1],
        "desk receipt, bytes left over": receipt + b"\x00",
        "desk receipt, unknown state": b"\x40" + pack((key, 3, (1, 1), fixed("tag", 8))),
        "desk receipt, number over the limit": b"\x40"
        + pack((key, 1, (2**32 - 1, 1, 2**32 - 1, 1), fixed("tag", 8))),
    }
    good = [entry(name, bundle=value, bytes=bundles.encode(value)) for name, value in valid.items()]
    bad = [
        entry(name, bytes=data, refused_by=refused("bundle", "malformed-bundle"))
        for name, data in wrong.items()
    ]
    return [*good, *bad]


# --- messages ---


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


# --- seals, origin, mailbox ---


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


# --- rekey and desk keys ---


def rekeys(kept: Callable[[str, Callable[[], Entry]], Entry]) -> list[Entry]:
    """Return the vectors of SPEC §3.5; what is sealed is kept from one run to the next."""
    key, ephemeral, fresh = linkguard.rekey_secret(SECRET), fixed("ephemeral"), fixed("fresh secret")
    relay_public = origin.public_half(RELAY)
    key_id = fixed("key in use")[: linkguard.KEY_ID_BYTES]

    def make() -> Entry:
        request = rekey.make_request(VESSEL, key_id, key, relay_public, ephemeral)
        answer = rekey.make_answer(rekey.open_request(request, RELAY), key, fresh, met=True)
        return entry(
            "exchange",
            rekey_key=key,
            relay_private=RELAY,
            relay_public=relay_public,
            vessel=VESSEL,
            key_id=key_id,
            ephemeral_private=ephemeral,
            ephemeral_public=origin.public_half(ephemeral),
            request=request,
            new_secret=fresh,
            met=1,
            answer=answer,
        )

    exchange = kept("exchange", make)
    request, answer = (bytes.fromhex(str(exchange[name])) for name in ("request", "answer"))
    not_authentic = {"refused_by": plain(refused("rekey", "not-authentic"))}
    ask = {name: exchange[name] for name in ("rekey_key", "relay_private", "request")}
    told = {name: exchange[name] for name in ("rekey_key", "ephemeral_private", "answer")}
    return [
        exchange,
        ask | not_authentic | {"name": "request, one bit flipped", "request": flipped(request).hex()},
        ask | not_authentic | {"name": "request, truncated", "request": request[:-1].hex()},
        ask | not_authentic | {"name": "request to another relay", "relay_private": OTHER_DESK.hex()},
        ask | not_authentic | {"name": "request under another key", "rekey_key": OTHER_DESK.hex()},
        told | not_authentic | {"name": "answer, one bit flipped", "answer": flipped(answer).hex()},
        told | not_authentic | {"name": "answer to another request", "ephemeral_private": BOX.hex()},
        told | not_authentic | {"name": "answer under another key", "rekey_key": OTHER_DESK.hex()},
    ]


def key_lists() -> list[Entry]:
    """Return the vectors of SPEC §5.4."""
    epochs = tuple(
        DeskKey(
            public=origin.public_half(fixed(f"epoch {number}")),
            not_before=UnixSeconds(1_760_000_000 + number * 1_000),
            not_after=UnixSeconds(1_760_002_000 + number * 1_000),
        )
        for number in range(3)
    )
    bundle = deskkeys.sign_keys(epochs, SIGNER, CREATED_AT)
    signer_public = _signing_public(SIGNER)
    other = deskkeys.sign_keys(epochs, OTHER_DESK, CREATED_AT)
    base = {"signing_public": signer_public}
    no = {"refused_by": refused("deskkeys", "not-authentic")}
    made = {"signing_private": SIGNER, "issued_at": CREATED_AT, "keys": epochs}
    expired = {"refused_by": refused("deskkeys", "desk-key-expired")}
    changed = Keys(desk=bundle.desk, signature=bundle.signature, signed=flipped(bundle.signed))
    return [
        entry("signed list", **base, **made, bundle=bundle, bytes=bundles.encode(bundle)),
        entry("first epoch", keys=epochs, at=1_760_000_999, use=epochs[0].id),
        entry("newest of two", keys=epochs, at=1_760_001_500, use=epochs[1].id),
        entry("before all epochs", keys=epochs, at=1_759_999_999, **expired),
        entry("after all epochs", keys=epochs, at=1_760_004_000, **expired),
        entry("one bit of the list flipped", **base, bundle=changed, **no),
        entry("signed by another desk", **base, bundle=other, **no),
    ]


def _signing_public(private: bytes) -> bytes:
    # Only `deskkeys` and this line need Ed25519, so no function of the protocol offers it.
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


# --- the worked example ---


def worked_example(report: Entry) -> dict[str, bytes]:
    """Return every step of one report from plaintext to receipt; `report` is the vector in seals.json."""
    plaintext, sealed = (bytes.fromhex(str(report[name])) for name in ("plaintext", "sealed"))
    number = BundleNumber(7)
    tag = origin.OriginKey.for_box(BOX, DESK_PUBLIC, VESSEL).tag_bundle(number, sealed)
    bundle = bundles.encode(Report(desk_key=origin.desk_key_id(DESK_PUBLIC), origin_tag=tag, sealed=sealed))
    start = frames.encode(Start(number=number, total_bytes=len(bundle), priority=Priority.TEXT, data=bundle))
    receipt = frames.encode(Receipt(numbers=((number, number + 1),)))
    return {
        "link secret": SECRET,
        "vessel": VESSEL,
        "box's private key": BOX,
        "desk's private key": DESK,
        "message, padded": plaintext,
        "sealed": sealed,
        "origin tag": tag,
        "bundle": bundle,
        "START frame": start,
        "packet up": _guard(Side.VESSEL).seal(start, named=True),
        "RECEIPT frame": receipt,
        "packet down": _guard(Side.RELAY).seal(receipt, named=False),
    }


def write_example(specification: Path, report: Entry) -> None:
    """Put the worked example's bytes between its two marks in SPEC.md."""
    lines = []
    for name, data in worked_example(report).items():
        lines.append(f"{name} ({len(data)} bytes)")
        lines += ["  " + data.hex()[at : at + 96] for at in range(0, 2 * len(data), 96)]
    before, rest = specification.read_text(encoding="utf-8").split(EXAMPLE_BEGINS)
    after = rest.split(EXAMPLE_ENDS)[1]
    block = "\n".join(["", "", "```text", *lines, "```", "", ""])
    specification.write_text(before + EXAMPLE_BEGINS + block + EXAMPLE_ENDS + after, encoding="utf-8")


EXAMPLE_BEGINS = "<!-- worked example -->"
EXAMPLE_ENDS = "<!-- end -->"

# --- files ---


def write_all(folder: Path) -> None:
    """Write every file of vectors into `folder`."""
    makers: dict[str, Callable[[], list[Entry]]] = {
        "packets": packets,
        "frames": frame_entries,
        "bundles": bundle_entries,
        "messages": message_entries,
        "seals": lambda: seals(_keeper(folder / "seals.json")),
        "origin": origin_entries,
        "mailbox": mailbox_entries,
        "rekey": lambda: rekeys(_keeper(folder / "rekey.json")),
        "keys": key_lists,
    }
    for name, make in makers.items():
        text = json.dumps(make(), indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def read_report(folder: Path) -> Entry:
    """Return the sealed report that the worked example carries."""
    entries: list[Entry] = json.loads((folder / "seals.json").read_text(encoding="utf-8"))
    return next(each for each in entries if each["name"] == "report")


def _keeper(path: Path) -> Callable[[str, Callable[[], Entry]], Entry]:
    """Return what hands out the entry that the file has, and makes it only where there is none."""
    held: list[Entry] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    by_name = {each["name"]: each for each in held}
    return lambda name, make: by_name.get(name) or make()
