"""Every vector through the public functions: right ones come out, wrong ones are refused as they say."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from protocol import bundle, caps, chains, deskkeys, frames, linkguard, message, origin, rekey, seal
from protocol.bundle import DeskReceipt, DeskState, Keys, Mail, OperatorSettings
from protocol.container import ContainerReader
from protocol.deskkeys import DeskKey
from protocol.errors import ProtocolError
from protocol.ids import BundleNumber, DeskId, DeskKeyId, MailboxId, UnixSeconds, VesselId
from protocol.linkguard import GuardState, LinkGuard
from protocol.links import Side
from protocol.mailbox import ReceiptCode
from scripts.vectors.entries import plain
from scripts.vectors.example import write_example
from scripts.vectors.files import read_report, write_all

FOLDER = Path(__file__).parent.parent / "vectors"
Entry = dict[str, Any]


def unhex(entry: Entry, *names: str) -> list[bytes]:
    return [bytes.fromhex(entry[name]) for name in names]


def packets(entry: Entry) -> None:
    (secret,) = unhex(entry, "secret")
    if "next_secret" in entry:
        assert linkguard.ratchet(secret).hex() == entry["next_secret"]
        assert linkguard.rekey_secret(secret).hex() == entry["rekey_key"]
        assert guard(secret, "vessel").key_ids()[0].hex() == entry["key_id"]
        return
    receiver = guard(secret, "relay" if entry["sender"] == "vessel" else "vessel")
    for before in entry.get("accepted_before", ()):
        receiver.open(bytes.fromhex(before))
    if "records" in entry:
        first, *rest = (bytes.fromhex(record) for record in entry["records"])
        plaintext, opener = receiver.open_stream(first)
        opened = [plaintext.hex()] + [opener.open(record).hex() for record in rest]
        assert opened == entry["plaintexts"]
        return
    (packet,) = unhex(entry, "packet")
    assert receiver.open(packet).hex() == entry["plaintext"]
    if "counter" in entry:
        sealed = guard(secret, entry["sender"]).seal(
            bytes.fromhex(entry["plaintext"]), named=entry["name"].endswith(" named")
        )
        assert sealed == packet


def guard(secret: bytes, side: str) -> LinkGuard:
    return LinkGuard(GuardState(secret=secret), Side(side), lambda _state: None)


def frame(entry: Entry) -> None:
    (data,) = unhex(entry, "bytes")
    (found,) = list(frames.decode_all(data))
    if isinstance(found, frames.UnknownFrame):
        assert entry["frame"] == {"type": "unknownframe", "number": found.type}
        return
    assert plain(found) == entry["frame"]
    assert frames.encode(found) == data


def bundles(entry: Entry) -> None:
    (data,) = unhex(entry, "bytes")
    found = bundle.decode(data)
    assert plain(found) == entry["bundle"]
    assert bundle.encode(found) == data


def messages(entry: Entry) -> None:
    if "sizes" in entry:
        assert [message.padded_size(size) for size in entry["sizes"]] == entry["padded"]
        return
    (plaintext,) = unhex(entry, "plaintext")
    found = message.decode(plaintext)
    assert plain(found) == entry["message"]
    if "read_only" not in entry:
        assert message.encode(found) == plaintext
        assert message.encode(found, padded=False).hex() == entry["unpadded"]


def seals(entry: Entry) -> None:
    if "proof" in entry:
        key = origin.desk_key_id(bytes.fromhex(entry["desk_public"]))
        vessel, number = VesselId(bytes.fromhex(entry["vessel"])), BundleNumber(entry["number"])
        for ours_name, theirs_name in (
            ("desk_private", "mailbox_public"),
            ("mailbox_private", "desk_public"),
        ):
            ours, theirs = unhex(entry, ours_name, theirs_name)
            proof = seal.opened_proof(ours, theirs, desk_key=key, vessel=vessel, number=number)
            assert proof.hex() == entry["proof"]
    elif "mail" in entry:
        opened = seal.open_mail(
            mail(entry["mail"]),
            mailbox_private=bytes.fromhex(entry["mailbox_private"]),
            desk_public=bytes.fromhex(entry["desk_public"]),
        )
        assert opened.hex() == entry["plaintext"]
    else:
        sealed, private, vessel_id = unhex(entry, "sealed", "desk_private", "vessel")
        opened = seal.open_report(sealed, private, VesselId(vessel_id))
        assert opened.hex() == entry["plaintext"]


def mail(values: Entry) -> Mail:
    mailbox, key, tag, sealed = unhex(values, "mailbox", "desk_key", "tag", "sealed")
    return Mail(mailbox=MailboxId(mailbox), desk_key=DeskKeyId(key), tag=tag, sealed=sealed)


def origins(entry: Entry) -> None:
    if "fingerprint" in entry:
        (public,) = unhex(entry, "public")
        assert origin.desk_key_id(public).hex() == entry["key_id"]
        assert origin.fingerprint(public) == entry["fingerprint"]
        return
    desk_private, box_public, vessel, tag = unhex(entry, "desk_private", "box_public", "vessel", "tag")
    at_desk = origin.OriginKey.for_desk(desk_private, box_public, VesselId(vessel))
    box_private, desk_public = unhex(entry, "box_private", "desk_public")
    on_box = origin.OriginKey.for_box(box_private, desk_public, VesselId(vessel))
    if "sealed" in entry:
        number, (sealed,) = BundleNumber(entry["number"]), unhex(entry, "sealed")
        at_desk.check_bundle(number, sealed, tag)
        assert on_box.tag_bundle(number, sealed) == tag
        return
    numbers = tuple((start, end) for start, end in entry["numbers"])
    receipt = DeskReceipt(
        desk_key=DeskKeyId(bytes(4)),
        state=DeskState(entry["state"]),
        numbers=numbers,
        tag=tag,
        proofs=tuple(bytes.fromhex(proof) for proof in entry["proofs"]),
    )
    on_box.check_receipt(receipt)
    assert at_desk.tag_receipt(receipt.state, numbers, receipt.proofs) == tag


def mailboxes(entry: Entry) -> None:
    if "refused_by" in entry:
        if "digits" in entry:
            ReceiptCode.from_digits(entry["digits"])
        ReceiptCode.from_pictures(tuple(entry["pictures"]))
        return
    code = ReceiptCode.from_digits(entry["digits"])
    assert code == ReceiptCode.from_pictures(tuple(entry["pictures"]))
    assert (code.digits(), list(code.pictures())) == (entry["digits"], entry["pictures"])
    mailbox = code.open_mailbox()
    assert [mailbox.id.hex(), mailbox.private.hex(), mailbox.public.hex()] == [
        entry["mailbox"],
        entry["private"],
        entry["public"],
    ]


def rekeys(entry: Entry) -> None:
    (key,) = unhex(entry, "rekey_key")
    if "request" in entry:
        request = rekey.open_request(*unhex(entry, "request", "relay_private"))
        rekey.make_answer(request, key, bytes(32), met=True)
        assert request.vessel.hex() == entry["vessel"]
        assert request.key_id.hex() == entry["key_id"]
        assert request.ephemeral_public.hex() == entry["ephemeral_public"]
    answer, private = unhex(entry, "answer", "ephemeral_private")
    opened = rekey.open_answer(answer, key, private)
    assert opened.secret.hex() == entry["new_secret"]
    assert opened.met == bool(entry["met"])


def key_lists(entry: Entry) -> None:
    keys = tuple(
        DeskKey(
            public=bytes.fromhex(key["public"]),
            not_before=UnixSeconds(key["not_before"]),
            not_after=UnixSeconds(key["not_after"]),
        )
        for key in entry.get("keys", ())
    )
    if "at" in entry:
        assert deskkeys.key_in_use(keys, UnixSeconds(entry["at"])).id.hex() == entry["use"]
        return
    desk, signature, signed, public = unhex(entry["bundle"] | entry, *_LIST)
    signed_list = Keys(desk=DeskId(desk), signature=signature, signed=signed)
    assert deskkeys.check_keys(signed_list, public) == (entry["issued_at"], keys)
    made = deskkeys.sign_keys(keys, bytes.fromhex(entry["signing_private"]), entry["issued_at"])
    assert bundle.encode(made).hex() == entry["bytes"]


def cap_lists(entry: Entry) -> None:
    signature, signed, public, vessel = unhex(
        entry["bundle"] | entry, "signature", "signed", "operator_public", "vessel"
    )
    listed = OperatorSettings(signature=signature, signed=signed)
    assert not chains.holds_chain(listed)
    found = caps.check_caps(listed, public, VesselId(vessel))
    assert found[0] == entry["issued_at"]
    assert plain(found[1]) == entry["caps"]
    made = caps.sign_caps(found[1], bytes.fromhex(entry["signing_private"]), VesselId(vessel), found[0])
    assert bundle.encode(made).hex() == entry["bytes"]


def chain_lists(entry: Entry) -> None:
    signature, signed, public, vessel = unhex(
        entry["bundle"] | entry, "signature", "signed", "operator_public", "vessel"
    )
    listed = OperatorSettings(signature=signature, signed=signed)
    issued_at, chain = chains.check_chain(listed, public, VesselId(vessel))
    assert chains.holds_chain(listed)
    assert issued_at == entry["issued_at"]
    assert plain(chain) == entry["chain"]
    made = chains.sign_chain(chain, bytes.fromhex(entry["signing_private"]), VesselId(vessel), issued_at)
    assert bundle.encode(made).hex() == entry["bytes"]


def containers(entry: Entry) -> None:
    reader = ContainerReader()
    found = reader.feed(bytes.fromhex(entry["bytes"])) + reader.finish()
    assert plain(found) == entry["records"]
    assert reader.damaged == entry["damaged"]


_LIST = ("desk", "signature", "signed", "signing_public")

CHECKS: dict[str, Callable[[Entry], None]] = {
    "packets": packets,
    "frames": frame,
    "bundles": bundles,
    "messages": messages,
    "seals": seals,
    "origin": origins,
    "mailbox": mailboxes,
    "rekey": rekeys,
    "keys": key_lists,
    "caps": cap_lists,
    "chains": chain_lists,
    "container": containers,
}
ENTRIES = [
    pytest.param(check, entry, id=f"{name}: {entry['name']}")
    for name, check in CHECKS.items()
    for entry in json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("check", "entry"), ENTRIES)
def test_vector(check: Callable[[Entry], None], entry: Entry) -> None:
    if "refused_by" not in entry:
        check(entry)
        return
    with pytest.raises(ProtocolError) as refusal:
        check(entry)
    assert refusal.value.code == entry["refused_by"]["code"]


def test_the_files_are_what_the_script_writes(tmp_path: Path) -> None:
    for name in ("seals", "rekey"):
        (tmp_path / f"{name}.json").write_bytes((FOLDER / f"{name}.json").read_bytes())
    write_all(tmp_path)
    for name in CHECKS:
        assert (tmp_path / f"{name}.json").read_bytes() == (FOLDER / f"{name}.json").read_bytes(), name


def test_names_are_unique_and_bytes_are_plain_hexadecimal() -> None:
    for name in CHECKS:
        text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
        names = [entry["name"] for entry in json.loads(text)]
        assert len(names) == len(set(names))
        assert not re.search(r'"(0x|b\')', text)


def test_the_worked_example_of_the_specification_is_what_the_code_makes(tmp_path: Path) -> None:
    written = FOLDER.parent.parent / "protocol" / "SPEC.md"
    copy = tmp_path / "SPEC.md"
    copy.write_bytes(written.read_bytes())
    write_example(copy, read_report(FOLDER))
    assert copy.read_bytes() == written.read_bytes()
    assert "packet down" in written.read_text(encoding="utf-8")
