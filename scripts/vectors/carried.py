"""Vectors of packets, frames and bundles: SPEC §3, §4, §5.1."""

from protocol import bundle as bundles
from protocol import deskkeys, frames, linkguard, origin
from protocol.bundle import DeskReceipt, DeskState, Introduction, Keys, Mail, OperatorSettings, Report
from protocol.frames import Ack, More, Next, Pad, Priority, Receipt, Refusal, Refuse, Resync, Start, Status
from protocol.ids import MailboxId
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import Side
from protocol.wire import pack
from scripts.vectors.entries import (
    BOX,
    DESK_PUBLIC,
    SECRET,
    Entry,
    entry,
    fixed,
    flipped,
    refused,
)


def packets() -> list[Entry]:
    """Return the vectors of SPEC §3."""
    following = linkguard.ratchet(SECRET)
    entries = [
        entry(
            "link keys",
            secret=SECRET,
            next_secret=following,
            rekey_key=linkguard.rekey_secret(SECRET),
            key_id=guard_of(Side.VESSEL).key_ids()[0],
        )
    ]
    said = frames.encode(Refuse(number=1, reason=Refusal.BUSY)) + frames.encode(Next(data=b"x"))
    for sender in Side:
        for named in (True, False):
            packet = guard_of(sender).seal(said, named=named)
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
    ahead = guard_of(Side.VESSEL, secret=following, generation=1).seal(said, named=False)
    entries.append(
        entry("one generation ahead", secret=SECRET, sender=Side.VESSEL, plaintext=said, packet=ahead)
    )
    stream = guard_of(Side.VESSEL).seal_stream(named=True)
    pieces = [b"first", b"", b"third"]
    records = [stream.seal(piece) for piece in pieces]
    entries.append(entry("stream", secret=SECRET, sender=Side.VESSEL, plaintexts=pieces, records=records))
    entries += _packet_faults(guard_of(Side.VESSEL).seal(said, named=True))
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


def guard_of(side: Side, *, secret: bytes = SECRET, generation: int = 0) -> LinkGuard:
    """Return one side of the vectors' link, as provisioned."""
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
            guard_of(Side.VESSEL, secret=two_ahead, generation=2).seal(b"", named=True),
            "unknown-key",
        ),
        ("sent back to its sender", guard_of(Side.RELAY).seal(b"", named=True), "not-authentic"),
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
        "pad": Pad(answer_bytes=200, size_bytes=12),
        "pad, answer as you need to": Pad(),
    }
    wrong: dict[str, bytes] = {
        "truncated": frames.encode(valid["ack with gaps"])[:-1],
        "no array": pack(7),
        "empty array": pack(()),
        "bundle number 0": pack((18, 0, b"x")),
        "empty fragment": pack((3, b"")),
        "extra field": pack((3, b"x", 1)),
        "later fragment at offset 0": pack((2, 1, 0, b"x")),
        "size over the limit": pack((18, 1, b"x", 1_000_001)),
        "size smaller than the fragment": pack((18, 1, b"xyz", 2)),
        "range that touches the one before": pack((4, 1, 5, 0, 1)),
        "range of nothing": pack((4, 1, 5, 1, 0)),
        "number over the limit": pack((6, 2**32)),
        "text where bytes belong": pack((3, "x")),
        "map with a key twice": bytes.fromhex("92088201010102"),
        "padding that is not zero": pack((9, 200, b"\0\1")),
        "answer too small for its frames": pack((9, 119, b"")),
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
        "settings": OperatorSettings(signature=fixed("s") * 2, signed=b"\x91\x01"),
    }
    report = bundles.encode(valid["report"])
    receipt = bundles.encode(valid["desk receipt"])
    wrong: dict[str, bytes] = {
        "empty": b"",
        "unknown kind": b"\x60" + report[1:],
        "report without content": report[: 1 + 4 + 8 + 48],
        "introduction, truncated": bundles.encode(valid["introduction"])[:-1],
        "introduction, one byte more": bundles.encode(valid["introduction"]) + b"x",
        "mail, truncated": bundles.encode(valid["mail"])[:80],
        "keys, truncated": bundles.encode(valid["keys"])[:73],
        "settings, truncated": bundles.encode(valid["settings"])[:65],
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
