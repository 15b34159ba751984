"""Every error of the relay, in one tree with stable codes, and the exit code of each.

`RelayError`
 ├─ `SettingsInvalid`      a setting is unknown or out of bounds
 ├─ `DataFolderMissing`    there is no relay in this folder yet
 ├─ `AlreadyInitialised`   there is one already
 ├─ `StoreUnusable`        the database file is damaged, or another program's
 ├─ `StoreFromFuture`      a newer program wrote the database
 ├─ `StoreUnreachable`     PostgreSQL does not answer, or has no connection left
 ├─ `StoreLoginRefused`    PostgreSQL knows no such user, or the password is another
 ├─ `StoreOutdated`        PostgreSQL is too old
 ├─ `StoreOccupied`        a relay cannot be moved there: something is in it already
 ├─ `StoreFailed`          a commit failed: disk full or broken; nothing was promised
 ├─ `AlreadyServing`       another process serves this folder
 ├─ `PortInUse`            a port cannot be had
 ├─ `CardUnreadable`       the desk card is missing, or no desk card
 ├─ `UnknownDesk`          no desk of this name or id
 ├─ `UnknownVessel`        no vessel of this id, or not one of this desk
 ├─ `NameTaken`            another vessel or desk has this name
 ├─ `OutputUnwritable`     the provisioning file cannot be written
 ├─ `FleetFull`            as many vessels are connected as may be at once
 ├─ `ContactEnded`         the contact is over; open a new one
 │   └─ `LinkTakenOver`    another relay has the vessel's link now
 ├─ `RefTaken`             the same ref came with other content
 ├─ `QueueOverfull`        this vessel has as much waiting as it may
 ├─ `StickUnreadable`, `StickFull`, `StickUnwritable`   a stick's folder cannot be used
 ├─ `StickForeign`         nothing on a stick is from a vessel of this relay
 ├─ `ServerSilent`         the serving relay does not answer its operator
 ├─ `SecretUnreadable`     a file with credentials or a key is missing, malformed or open to others
 ├─ `CertificateUnusable`  the relay's own certificate or its key cannot be used
 ├─ `PassphraseRefused`    an operator's name or passphrase is not acceptable
 ├─ `UnknownOperator`      no operator has this name
 ├─ `BackupUnreadable`     a backup is damaged, is none, or another key opens it
 ├─ `BackupFailed`         a backup could not be made, or does not hold what it should
 ├─ `NoticeRefused`        nobody can be told in this way, or there
 ├─ `UnknownDelivery`      no notice of this id is dead
 ├─ `AttentionNeeded`      the doctor found something that keeps this relay from its work
 ├─ `ModemRefused`         this is no IMEI, or another vessel has the modem
 ├─ `MessageRefused`       what a satellite gateway handed over is not taken
 │   ├─ `MalformedMessage` it does not have the shape that its gateway promises
 │   ├─ `MessageTooLong`   no modem of ours sends so much at once
 │   ├─ `BadSignature`     the gateway's operator did not sign it
 │   └─ `UnknownModem`     no vessel here has a modem of this IMEI at this gateway
 └─ `RequestRefused`       a desk's request is malformed
     ├─ `NotAuthorised`    it is not signed by a known desk
     └─ `ClockSkew`        it is, but the clocks disagree

Beside the tree, `VesselRevoked` is a protocol `RemoteError`: a packet that is refused, and counted as such.
"""

from typing import ClassVar

from protocol.errors import RemoteError


class RelayError(Exception):
    """Base of everything the relay raises on purpose; the text is one sentence that says what to do."""

    code: ClassVar[str] = "relay-error"


class SettingsInvalid(RelayError):
    """A setting is unknown or out of bounds."""

    code = "settings-invalid"


class DataFolderMissing(RelayError):
    """There is no relay in this folder."""

    code = "data-folder-missing"


class AlreadyInitialised(RelayError):
    """The folder holds a relay already."""

    code = "already-initialised"


class StoreUnusable(RelayError):
    """The database cannot be opened."""

    code = "store-unusable"


class StoreFromFuture(RelayError):
    """A newer program wrote the database."""

    code = "store-from-future"


class StoreUnreachable(RelayError):
    """The database server does not answer."""

    code = "store-unreachable"


class StoreLoginRefused(RelayError):
    """The database server does not let this user in."""

    code = "store-login-refused"


class StoreOutdated(RelayError):
    """The database server is older than this program needs."""

    code = "store-outdated"


class StoreOccupied(RelayError):
    """A relay cannot be moved into this database; it is unchanged."""

    code = "store-occupied"


class StoreFailed(RelayError):
    """A commit failed; everything that depended on it did not happen."""

    code = "store-failed"


class AlreadyServing(RelayError):
    """Another process serves this folder."""

    code = "already-serving"


class PortInUse(RelayError):
    """A port cannot be had."""

    code = "port-in-use"


class CardUnreadable(RelayError):
    """The desk card is missing or is none."""

    code = "card-unreadable"


class ChainUnusable(RelayError):
    """A file is no certificate chain that a vessel's phones would take."""

    code = "chain-unusable"


class UnknownDesk(RelayError):
    """No desk has this name or id."""

    code = "unknown-desk"


class UnknownVessel(RelayError):
    """No vessel has this id, or it belongs to another desk."""

    code = "unknown-vessel"


class VesselRevoked(RemoteError):
    """The operator has ended this vessel's link: its box was stolen, or is in the wrong hands."""

    code = "vessel-revoked"


class NameTaken(RelayError):
    """The name belongs to another."""

    code = "name-taken"


class OutputUnwritable(RelayError):
    """The provisioning file cannot be written."""

    code = "output-unwritable"


class FleetFull(RelayError):
    """As many vessels are connected as the settings allow."""

    code = "fleet-full"


class ContactEnded(RelayError):
    """Another connection took this one's place, or the link is being rebuilt."""

    code = "contact-ended"


class LinkTakenOver(ContactEnded):
    """Another relay has built an engine from this link's state; what this one knows may be old."""

    code = "link-taken-over"


class RefTaken(RelayError):
    """A dispatch's ref came before, with other content."""

    code = "ref-taken"


class QueueOverfull(RelayError):
    """A vessel has as much waiting as the settings allow."""

    code = "queue-overfull"


class StickUnreadable(RelayError):
    """A stick's folder or files cannot be read."""

    code = "stick-unreadable"


class StickFull(RelayError):
    """A stick has no room for what should be written."""

    code = "stick-full"


class StickUnwritable(RelayError):
    """A stick cannot be written."""

    code = "stick-unwritable"


class StickForeign(RelayError):
    """Nothing on a stick is from a vessel of this relay."""

    code = "stick-foreign"


class ServerSilent(RelayError):
    """The serving relay does not answer its operator as it should."""

    code = "server-silent"


class SecretUnreadable(RelayError):
    """A file with credentials or a key cannot be used."""

    code = "secret-unreadable"


class CertificateUnusable(RelayError):
    """The relay's own certificate or its key cannot be used."""

    code = "certificate-unusable"


class PassphraseRefused(RelayError):
    """An operator's name or passphrase is not acceptable."""

    code = "passphrase-refused"


class UnknownOperator(RelayError):
    """No operator has this name."""

    code = "unknown-operator"


class BackupUnreadable(RelayError):
    """A backup is damaged, is none, or is not for this key."""

    code = "backup-unreadable"


class BackupFailed(RelayError):
    """A backup could not be made, or does not hold what it should; no file was left behind."""

    code = "backup-failed"


class AttentionNeeded(RelayError):
    """The doctor found something that keeps this relay from its work."""

    code = "attention-needed"


class ModemRefused(RelayError):
    """A modem cannot be assigned."""

    code = "modem-refused"


class NoticeRefused(RelayError):
    """Nobody can be told in this way, or at this address."""

    code = "notice-refused"


class UnknownDelivery(RelayError):
    """No notice of this id is dead."""

    code = "unknown-delivery"


class MessageRefused(RelayError):
    """What a satellite gateway handed over is not taken; nothing of it is kept."""

    code = "message-refused"


class MalformedMessage(MessageRefused):
    """It does not have the shape that its gateway promises."""

    code = "malformed-message"


class MessageTooLong(MessageRefused):
    """It is longer than any message of the modems that the settings describe."""

    code = "message-too-long"


class BadSignature(MessageRefused):
    """It is not signed by the gateway's operator for this very content."""

    code = "bad-signature"


class UnknownModem(MessageRefused):
    """No vessel here has a modem of this IMEI at this gateway."""

    code = "unknown-modem"


class RequestRefused(RelayError):
    """A desk's request does not have the shape it must have."""

    code = "request-refused"


class NotAuthorised(RequestRefused):
    """A request is not signed by a known desk for this very content."""

    code = "not-authorised"


class ClockSkew(RequestRefused):
    """A request is signed rightly, at a time that this clock cannot believe."""

    code = "clock-skew"


EXIT_UNEXPECTED = 1
EXIT_CODES: dict[type[RelayError], int] = {
    SettingsInvalid: 3,
    DataFolderMissing: 4,
    AlreadyInitialised: 5,
    StoreUnusable: 6,
    StoreFromFuture: 7,
    StoreFailed: 8,
    AlreadyServing: 9,
    PortInUse: 10,
    CardUnreadable: 11,
    UnknownDesk: 12,
    UnknownVessel: 13,
    NameTaken: 14,
    OutputUnwritable: 15,
    StickUnreadable: 18,
    StickFull: 19,
    StickUnwritable: 20,
    StickForeign: 21,
    ServerSilent: 22,
    SecretUnreadable: 16,
    ModemRefused: 17,
    ChainUnusable: 23,
    StoreUnreachable: 40,
    StoreLoginRefused: 41,
    StoreOutdated: 42,
    StoreOccupied: 43,
    CertificateUnusable: 24,
    PassphraseRefused: 25,
    UnknownOperator: 26,
    BackupUnreadable: 27,
    BackupFailed: 28,
    AttentionNeeded: 29,
    UnknownDelivery: 30,
    NoticeRefused: 31,
}
"""2 is argparse's own, for wrong usage; errors that only a peer meets have none."""
