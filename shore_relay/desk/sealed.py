"""Which stored column is bound to what: the one list that reading and writing share."""

from protocol.ids import VesselId
from shore_relay.desk.content import Content, read_content, write_content
from shore_relay.desk.store.records import BoxRow, BundleRow, DispatchRow, VesselRow
from shore_relay.desk.trust import Box
from shore_relay.desk.vault import Vault


def seal_name(vault: Vault, vessel: VesselId, name: str) -> bytes:
    """Encrypt a vessel's name for its row."""
    return vault.seal(name.encode(), "vessel.name", vessel)


def open_name(vault: Vault, row: VesselRow) -> str:
    """Return a vessel's name."""
    return vault.open(row.name_sealed, "vessel.name", row.id).decode()


def seal_trust(vault: Vault, box: Box) -> bytes:
    """Make the mark of a confirmed box."""
    return vault.seal(box.public, "box.trusted", box.vessel + box.public)


def open_box(vault: Vault, row: BoxRow) -> Box:
    """Return a box; raises `DamagedContent` where somebody edited its mark."""
    trusted = bool(row.trusted_sealed)
    if trusted:
        vault.open(row.trusted_sealed, "box.trusted", row.vessel + row.public)
    return Box(id=row.id, vessel=row.vessel, public=row.public, trusted=trusted)


def seal_message(vault: Vault, digest: bytes, content: Content | None) -> bytes:
    """Encrypt what a bundle says for its row."""
    return vault.seal(write_content(content), "bundle.message", digest) if content else b""


def open_message(vault: Vault, row: BundleRow) -> Content | None:
    """Return what a bundle says; None where it did not open when it came."""
    if not row.message_sealed:
        return None
    return read_content(vault.open(row.message_sealed, "bundle.message", row.digest))


def seal_voice(vault: Vault, digest: bytes, voice: bytes) -> bytes:
    """Encrypt a bundle's sound for its row."""
    return vault.seal(voice, "bundle.voice", digest) if voice else b""


def open_voice(vault: Vault, digest: bytes, sealed: bytes) -> bytes:
    """Return a bundle's sound as it is kept."""
    return vault.open(sealed, "bundle.voice", digest) if sealed else b""


def seal_answer(vault: Vault, ref: bytes, content: Content) -> bytes:
    """Encrypt what an answer says for its row."""
    return vault.seal(write_content(content), "dispatch.message", ref)


def open_answer(vault: Vault, row: DispatchRow) -> Content:
    """Return what an answer says."""
    return read_content(vault.open(row.message_sealed, "dispatch.message", row.ref))


def seal_answer_voice(vault: Vault, ref: bytes, voice: bytes) -> bytes:
    """Encrypt an answer's sound for its row."""
    return vault.seal(voice, "dispatch.voice", ref) if voice else b""


def open_answer_voice(vault: Vault, ref: bytes, sealed: bytes) -> bytes:
    """Return an answer's sound, still packed."""
    return vault.open(sealed, "dispatch.voice", ref) if sealed else b""


def note_indexes(vault: Vault, vessel: VesselId, note_id: bytes) -> tuple[bytes, ...]:
    """Return what both forms of one voice note may share in the database, the one to store first.

    Empty where there is one form only.
    """
    return vault.blinds("note", vessel + note_id) if note_id else ()
