"""A vessel as the desk sees one: real keys, real seals, real tags."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from protocol import bundle as bundles
from protocol import message as messages
from protocol.bundle import Bundle, DeskReceipt, Introduction, Keys, Mail, Report
from protocol.deskfeed import FeedItem, ItemKind
from protocol.deskkeys import DeskKey
from protocol.frames import Priority
from protocol.ids import BundleNumber, UnixSeconds, VesselId
from protocol.mailbox import Mailbox, ReceiptCode
from protocol.message import Category, CheckIn, Message, Text, Voice, WellBeing
from protocol.origin import OriginKey, fingerprint, public_half
from protocol.priming import Language
from protocol.provisioning import DeskCard
from protocol.seal import new_private_key, open_mail, seal_report
from protocol.speech.note import encode_note
from protocol.speech.wav import read_wav
from protocol.voicepack import VoiceCodec, VoiceNote, pack_voice

WAV = Path(__file__).parents[2] / "data" / "librivox_austen_0890_16k.wav"
NOTE_ID = b"note-1"
SAID_AT = UnixSeconds(1_790_000_000)

_voice: dict[VoiceCodec, bytes] = {}


def packed_voice(codec: VoiceCodec) -> bytes:
    """The recording in one of its forms, encoded once for all tests."""
    if not _voice:
        note = encode_note(read_wav(WAV.read_bytes()))
        _voice[VoiceCodec.CODEC2_2400] = pack_voice(VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=note.thin))
        _voice[VoiceCodec.OPUS_NARROWBAND_60MS] = pack_voice(
            VoiceNote(codec=VoiceCodec.OPUS_NARROWBAND_60MS, frames=note.clear)
        )
    return _voice[codec]


@cache
def _open_mailbox(code: ReceiptCode) -> Mailbox:
    return code.open_mailbox()


class Boat:
    """Makes the bundles of one vessel, in order."""

    def __init__(self, card: DeskCard, name: str = "Blue Dolphin", identity: int = 1) -> None:
        self.card = card
        self.name = name
        self.vessel = VesselId(bytes([identity]) * 8)
        self.box_private = new_private_key()
        self.code = ReceiptCode.draw(bytes([identity]) * 32)
        # A box introduces itself with number 1, whenever a test asks for it.
        self.next_number = 2

    @property
    def key(self) -> DeskKey:
        return self.card.keys[-1]

    @property
    def fingerprint(self) -> str:
        return fingerprint(public_half(self.box_private))

    @property
    def mailbox(self) -> Mailbox:
        return _open_mailbox(self.code)

    def introduction(self) -> FeedItem:
        introduction = Introduction(box_public=public_half(self.box_private))
        return self.item(introduction, number=1)

    def text(self, text: str, *, urgent: bool = False, mailbox: bool = True, **more: object) -> FeedItem:
        categories = more.get("categories", (Category.UNPAID_WAGES,))
        assert isinstance(categories, tuple)
        message = Message(
            created_at=SAID_AT,
            language=Language.ENGLISH,
            body=Text(text=text),
            mailbox_public=self.mailbox.public if mailbox else b"",
            categories=categories,
        )
        return self.report(message, Priority.URGENT if urgent else Priority.TEXT)

    def check_in(self, well_being: WellBeing, *, mailbox: bool = False) -> FeedItem:
        body = CheckIn(well_being=well_being, answers={1: True, 2: False})
        message = Message(
            created_at=SAID_AT,
            language=Language.BURMESE,
            body=body,
            mailbox_public=self.mailbox.public if mailbox else b"",
        )
        return self.report(message, Priority.CHECK_IN)

    def voice(self, codec: VoiceCodec, note_id: bytes = NOTE_ID, packed: bytes | None = None) -> FeedItem:
        body = Voice(packed=packed_voice(codec) if packed is None else packed, note_id=note_id)
        message = Message(
            created_at=SAID_AT,
            language=Language.KHMER,
            body=body,
            mailbox_public=self.mailbox.public,
            categories=(Category.INJURY,),
        )
        return self.report(
            message, Priority.THIN_VOICE if codec is VoiceCodec.CODEC2_2400 else Priority.CLEAR_VOICE
        )

    def report(self, message: Message, priority: Priority) -> FeedItem:
        return self.sealed(messages.encode(message), priority)

    def sealed(self, plain: bytes, priority: Priority = Priority.TEXT) -> FeedItem:
        sealed = seal_report(plain, self.key.public, self.vessel)
        tag = self.origin_key.tag_bundle(BundleNumber(self.next_number), sealed)
        return self.item(Report(desk_key=self.key.id, origin_tag=tag, sealed=sealed), priority)

    @property
    def origin_key(self) -> OriginKey:
        return OriginKey.for_box(self.box_private, self.key.public, self.vessel)

    def item(self, bundle: Bundle | bytes, priority: Priority = Priority.TEXT, number: int = 0) -> FeedItem:
        if not number:
            number, self.next_number = self.next_number, self.next_number + 1
        return FeedItem(
            cursor=0,
            kind=ItemKind.BUNDLE,
            vessel=self.vessel,
            vessel_name=self.name,
            at=UnixSeconds(SAID_AT + 3_600 + number),
            number=number,
            priority=priority,
            bearer="tcp",
            bundle=bundle if isinstance(bundle, bytes) else bundles.encode(bundle),
        )

    def delivered(self, ref: bytes) -> FeedItem:
        return FeedItem(
            cursor=0,
            kind=ItemKind.DELIVERED,
            vessel=self.vessel,
            vessel_name=self.name,
            at=UnixSeconds(SAID_AT + 9_000),
            ref=ref,
        )

    # --- what came down ------------------------------------------------------------------------------------

    def receipts(self, dispatched: list[bytes]) -> list[DeskReceipt]:
        """The receipts among what was dispatched, each checked as a box checks it."""
        found = [bundle for raw in dispatched if isinstance(bundle := bundles.decode(raw), DeskReceipt)]
        for receipt in found:
            public = next(key.public for key in self.card.keys if key.id == receipt.desk_key)
            OriginKey.for_box(self.box_private, public, self.vessel).check_receipt(receipt)
        return found

    def answers(self, dispatched: list[bytes]) -> list[Message]:
        """The answers among what was dispatched, opened with the receipt code."""
        found = [bundle for raw in dispatched if isinstance(bundle := bundles.decode(raw), Mail)]
        for mail in found:
            assert mail.mailbox == self.mailbox.id
        return [
            messages.decode(
                open_mail(
                    mail,
                    mailbox_private=self.mailbox.private,
                    desk_public=next(key.public for key in self.card.keys if key.id == mail.desk_key),
                )
            )
            for mail in found
        ]

    def keys(self, dispatched: list[bytes]) -> list[Keys]:
        return [bundle for raw in dispatched if isinstance(bundle := bundles.decode(raw), Keys)]


def tampered(item: FeedItem) -> FeedItem:
    """The same bundle with one bit of its origin tag turned."""
    report = bundles.decode(item.bundle)
    assert isinstance(report, Report)
    tag = bytes([report.origin_tag[0] ^ 1]) + report.origin_tag[1:]
    return replace(item, bundle=bundles.encode(replace(report, origin_tag=tag)))
