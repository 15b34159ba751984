"""What the box believes of what comes down: the last word before a bundle is taken."""

from protocol.bundle import Bundle, DeskReceipt, Keys, Mail, OperatorSettings
from protocol.caps import check_caps
from protocol.chains import check_chain, holds_chain
from protocol.deskkeys import check_keys
from protocol.errors import RemoteError
from protocol.frames import Refusal
from protocol.ids import DeskKeyId
from protocol.origin import OriginKey
from vessel_client.store.box import Box


class Trust:
    """Holds the keys that the box shares with its desk, and judges bundles by them."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._origin_keys: dict[DeskKeyId, OriginKey] = {}

    def renew(self, box: Box) -> None:
        """Take the box as it is after the desk sent new keys."""
        self._box = box

    def origin_key(self, key_id: DeskKeyId) -> OriginKey | None:
        """Return the key shared with the desk key of this name, or None where the box knows no such key."""
        if key_id not in self._origin_keys:
            desk_key = self._box.desk_key(key_id)
            if desk_key is None:
                return None
            self._origin_keys[key_id] = OriginKey.for_box(
                self._box.box_private, desk_key.public, self._box.vessel
            )
        return self._origin_keys[key_id]

    def judge(self, bundle: Bundle, mail_room_bytes: int) -> Refusal | None:
        """Return None to take a bundle, or why not. Mail is sealed: only its size can be judged here."""
        match bundle:
            case Mail(sealed=sealed):
                return Refusal.BUSY if len(sealed) > mail_room_bytes else None
            case Keys():
                return self._judge_keys(bundle)
            case DeskReceipt():
                return self._judge_receipt(bundle)
            case OperatorSettings():
                return self._judge_settings(bundle)
            case _:
                return Refusal.MALFORMED

    def _judge_keys(self, keys: Keys) -> Refusal | None:
        if keys.desk != self._box.desk:
            return Refusal.UNKNOWN_DESK
        try:
            check_keys(keys, self._box.desk_signing_public)
        except RemoteError:
            return Refusal.MALFORMED
        return None

    def _judge_settings(self, settings: OperatorSettings) -> Refusal | None:
        if not self._box.operator_public:
            return Refusal.MALFORMED
        try:
            check = check_chain if holds_chain(settings) else check_caps
            check(settings, self._box.operator_public, self._box.vessel)
        except RemoteError:
            return Refusal.MALFORMED
        return None

    def _judge_receipt(self, receipt: DeskReceipt) -> Refusal | None:
        key = self.origin_key(receipt.desk_key)
        if key is None:
            # The list with this key may be on its way; the relay offers the receipt again later.
            return Refusal.UNKNOWN_DESK
        try:
            key.check_receipt(receipt)
        except RemoteError:
            return Refusal.MALFORMED
        return None
