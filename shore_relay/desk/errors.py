"""What can go wrong at a desk, each with a stable code and an exit code."""

from collections.abc import Mapping
from typing import ClassVar

from protocol.documents import MalformedDocument
from protocol.errors import KeyExpired, ProtocolError, TooLarge
from protocol.speech.errors import NoOpus, NotSound, RecordingSilent, RecordingTooLong


class DeskError(Exception):
    """Base of everything this package raises on purpose."""

    code: ClassVar[str] = "desk-error"


class BadSettings(DeskError):
    """A setting is unknown or has a value that cannot be used."""

    code: ClassVar[str] = "bad-settings"


class BadPhrases(BadSettings):
    """The desk's own phrase book is wrong, and where."""

    code: ClassVar[str] = "bad-phrases"


class NotInitialised(DeskError):
    """There is no desk in this data folder yet."""

    code: ClassVar[str] = "not-initialised"


class AlreadyInitialised(DeskError):
    """There is a desk in this data folder already; its keys must not be overwritten."""

    code: ClassVar[str] = "already-initialised"


class WrongPassphrase(DeskError):
    """The passphrase does not open this desk's keys."""

    code: ClassVar[str] = "wrong-passphrase"


class NoPassphrase(DeskError):
    """Nobody said a passphrase, and nobody can be asked; or the new one is too short."""

    code: ClassVar[str] = "no-passphrase"


class SamePassphrase(NoPassphrase):
    """The new passphrase is the one that was to be replaced."""

    code: ClassVar[str] = "same-passphrase"


class DamagedKeyring(DeskError):
    """The file with the keys cannot be read."""

    code: ClassVar[str] = "damaged-keyring"


class StoreFailed(DeskError):
    """The database could not read or write; nothing half-done was kept."""

    code: ClassVar[str] = "store-failed"


class StoreFull(StoreFailed):
    """The disk is full; what was there is still there, and the relay keeps what is new."""

    code: ClassVar[str] = "store-full"


class StoreTooNew(StoreFailed):
    """A newer version of the program wrote this database."""

    code: ClassVar[str] = "store-too-new"


class DamagedContent(StoreFailed):
    """Something that was stored encrypted does not open: another desk's, or changed on the disk."""

    code: ClassVar[str] = "damaged-content"


class RelayUnreachable(DeskError):
    """No connection to the relay, or it failed; what is queued stays queued."""

    code: ClassVar[str] = "relay-unreachable"


class RelayRefused(DeskError):
    """The relay answered that it will not do this."""

    code: ClassVar[str] = "relay-refused"


class ClocksDiffer(RelayRefused):
    """The relay refused because the clocks of the two machines are too far apart."""

    code: ClassVar[str] = "clocks-differ"


class UnknownEntry(DeskError):
    """No message has this number."""

    code: ClassVar[str] = "unknown-entry"


class UnknownVessel(DeskError):
    """No vessel, or more than one, has this name."""

    code: ClassVar[str] = "unknown-vessel"


class NothingToConfirm(DeskError):
    """The vessel has not introduced its box yet."""

    code: ClassVar[str] = "nothing-to-confirm"


class WrongFingerprint(DeskError):
    """The fingerprint that was given is not that of the vessel's box; nothing was trusted."""

    code: ClassVar[str] = "wrong-fingerprint"


class CannotAnswer(DeskError):
    """This message cannot be answered, and why."""

    code: ClassVar[str] = "cannot-answer"


class NoMailbox(CannotAnswer):
    """The fisher wants no answer: the message holds no key to seal one to."""

    code: ClassVar[str] = "no-mailbox"


class NotConfirmed(CannotAnswer):
    """The vessel's fingerprint has not been confirmed, or its box did not send this message."""

    code: ClassVar[str] = "not-confirmed"


class PortInUse(DeskError):
    """Another program listens where the page should be."""

    code: ClassVar[str] = "port-in-use"


class AlreadyServing(DeskError):
    """Another process serves this data folder."""

    code: ClassVar[str] = "already-serving"


class UnreadableFile(DeskError):
    """A file that was named cannot be read or written."""

    code: ClassVar[str] = "unreadable-file"


class NotPermitted(DeskError):
    """The role of this person does not include what was asked for."""

    code: ClassVar[str] = "not-permitted"


class WhichPerson(DeskError):
    """Several people work here, and nobody said who this is."""

    code: ClassVar[str] = "which-person"


class UnknownPerson(DeskError):
    """Nobody works here under this name."""

    code: ClassVar[str] = "unknown-person"


class BadName(DeskError):
    """A person cannot be called so."""

    code: ClassVar[str] = "bad-name"


class NameTaken(BadName):
    """Somebody else is called so."""

    code: ClassVar[str] = "name-taken"


class LastAdministrator(DeskError):
    """Nobody would be left who may add people."""

    code: ClassVar[str] = "last-administrator"


class ChoosePassphrase(DeskError):
    """The passphrase was given by somebody else; the person must choose their own first."""

    code: ClassVar[str] = "choose-passphrase"


class KeysMoved(DeskError):
    """The team's keys were renewed, and nobody whose passphrase this process knows holds them."""

    code: ClassVar[str] = "keys-moved"


class WrongSecondFactor(DeskError):
    """The one-time code or the passkey is not the person's."""

    code: ClassVar[str] = "wrong-second-factor"


class BadShares(DeskError):
    """The recovery shares are too few, damaged, or of another kit."""

    code: ClassVar[str] = "bad-shares"


class UnknownCase(DeskError):
    """No case has this number."""

    code: ClassVar[str] = "unknown-case"


class WrongStep(DeskError):
    """A case cannot go this way from where it is; nothing was changed."""

    code: ClassVar[str] = "wrong-step"


class CaseChanged(WrongStep):
    """Somebody else changed the same thing while this person looked at it."""

    code: ClassVar[str] = "case-changed"


class BadCaseText(DeskError):
    """A note, title, task or date is empty, too long or impossible."""

    code: ClassVar[str] = "bad-case-text"


class BrokenHistory(DeskError):
    """The history of the cases is not whole: something was changed, cut off or exchanged."""

    code: ClassVar[str] = "broken-history"


class BadRedaction(DeskError):
    """What is to be removed is not there, or would still be there; no pack was made."""

    code: ClassVar[str] = "bad-redaction"

    def __init__(self, sentence: str, about: str = "") -> None:
        """Take the sentence, and the words or the message that it is about."""
        super().__init__(sentence)
        self.about = about


class NothingChosen(DeskError):
    """No message was named, or more than one file can hold."""

    code: ClassVar[str] = "nothing-chosen"


class NothingToGive(NothingChosen):
    """No part of a case was chosen, or it is not there to be given."""

    code: ClassVar[str] = "nothing-to-give"


class NotAPack(DeskError):
    """This is no evidence pack, or not all of one."""

    code: ClassVar[str] = "not-a-pack"


class PackChanged(DeskError):
    """Files of a pack are missing, changed or added."""

    code: ClassVar[str] = "pack-changed"


class BadSignature(DeskError):
    """The list of a pack's files was not signed by the key that it names."""

    code: ClassVar[str] = "bad-signature"


class WrongSigner(DeskError):
    """A pack is in order, and another desk than the expected one signed it."""

    code: ClassVar[str] = "wrong-signer"


class NotTied(DeskError):
    """A redacted pack was not made from this whole one."""

    code: ClassVar[str] = "not-tied"


class BadNoticeChoice(DeskError):
    """What somebody chose about notices cannot be."""

    code: ClassVar[str] = "bad-notice-choice"


class NoticeFailed(DeskError):
    """A notice could not be sent. Those that wait are tried again."""

    code: ClassVar[str] = "notice-failed"


class NoticesOff(NoticeFailed):
    """There is no way by which a notice could go to this person."""

    code: ClassVar[str] = "notices-off"


class MailUnreachable(NoticeFailed):
    """The mail server does not answer, or breaks off."""

    code: ClassVar[str] = "mail-unreachable"


class MailNotSecure(NoticeFailed):
    """The mail server's certificate is not in order, or it offers no encryption."""

    code: ClassVar[str] = "mail-not-secure"


class MailLoginRefused(NoticeFailed):
    """The mail server does not take the name or the password."""

    code: ClassVar[str] = "mail-login-refused"


class MailRefused(NoticeFailed):
    """The mail server takes no mail from this sender or for this address."""

    code: ClassVar[str] = "mail-refused"


class WebhookUnreachable(NoticeFailed):
    """The webhook's receiver does not answer."""

    code: ClassVar[str] = "webhook-unreachable"


class WebhookRefused(NoticeFailed):
    """The webhook's receiver answers something else than that it took the notice."""

    code: ClassVar[str] = "webhook-refused"


class UnknownPartner(DeskError):
    """No partner organisation, or more than one, is called so."""

    code: ClassVar[str] = "unknown-partner"


class PartnerNotConfirmed(DeskError):
    """Nobody has compared this partner's fingerprint yet; nothing is sealed to it or believed from it."""

    code: ClassVar[str] = "partner-not-confirmed"


class WrongPartnerFingerprint(WrongFingerprint):
    """The digits that were given are not those of this partner's card; nothing was confirmed."""

    code: ClassVar[str] = "wrong-partner-fingerprint"


class NoConsent(DeskError):
    """The fisher's consent is not recorded, so nothing leaves."""

    code: ClassVar[str] = "no-consent"


class OnlyStatistics(DeskError):
    """A buyer gets statistics and nothing of any case."""

    code: ClassVar[str] = "only-statistics"


class PreviewChanged(DeskError):
    """What would be given is not what the person looked at."""

    code: ClassVar[str] = "preview-changed"


class NotForThisDesk(DeskError):
    """A letter is sealed to another desk, or is about nothing that this desk gave."""

    code: ClassVar[str] = "not-for-this-desk"


class OldReply(DeskError):
    """A partner's reply was taken in before, or a newer one was."""

    code: ClassVar[str] = "old-reply"


class TakenBack(DeskError):
    """Whoever gave this has taken it back; it is not opened."""

    code: ClassVar[str] = "taken-back"


class TooLateToRevoke(DeskError):
    """The partner has said that it opened the referral, or it was revoked before."""

    code: ClassVar[str] = "too-late-to-revoke"


class NotReleasable(DeskError):
    """These statistics would let somebody single out a person, or their time is not over."""

    code: ClassVar[str] = "not-releasable"


class BadMoneyFact(BadCaseText):
    """An amount, a currency or a date of a fact about money cannot be."""

    code: ClassVar[str] = "bad-money-fact"


EXIT_CODES: Mapping[type[Exception], int] = {
    BadSettings: 3,
    NotInitialised: 4,
    AlreadyInitialised: 5,
    WrongPassphrase: 6,
    NoPassphrase: 7,
    DamagedKeyring: 8,
    StoreFailed: 9,
    StoreFull: 10,
    StoreTooNew: 11,
    DamagedContent: 12,
    RelayUnreachable: 13,
    RelayRefused: 14,
    ClocksDiffer: 15,
    MalformedDocument: 16,
    UnknownEntry: 17,
    UnknownVessel: 18,
    NothingToConfirm: 19,
    WrongFingerprint: 20,
    NoMailbox: 21,
    NotConfirmed: 22,
    CannotAnswer: 23,
    NotSound: 24,
    RecordingTooLong: 25,
    RecordingSilent: 26,
    NoOpus: 27,
    TooLarge: 28,
    PortInUse: 29,
    AlreadyServing: 30,
    UnreadableFile: 31,
    KeyExpired: 32,
    ProtocolError: 33,
    NotPermitted: 50,
    WhichPerson: 51,
    UnknownPerson: 52,
    BadName: 53,
    LastAdministrator: 54,
    ChoosePassphrase: 55,
    KeysMoved: 56,
    WrongSecondFactor: 57,
    BadShares: 58,
    UnknownCase: 70,
    WrongStep: 71,
    BadCaseText: 72,
    BrokenHistory: 73,
    BadRedaction: 80,
    NothingChosen: 81,
    NotAPack: 82,
    PackChanged: 83,
    BadSignature: 84,
    WrongSigner: 85,
    NotTied: 86,
    UnknownPartner: 90,
    PartnerNotConfirmed: 91,
    NoConsent: 92,
    OnlyStatistics: 93,
    PreviewChanged: 94,
    NotForThisDesk: 95,
    OldReply: 96,
    TakenBack: 97,
    TooLateToRevoke: 98,
    NotReleasable: 99,
    NoticeFailed: 110,
    BadNoticeChoice: 111,
}
"""0 is success, 1 unexpected, 2 wrong usage (argparse). A class counts as its nearest parent listed here."""


def exit_code(error: Exception) -> int:
    """Return the exit code of an error."""
    for parent in type(error).__mro__:
        if parent in EXIT_CODES:
            return EXIT_CODES[parent]
    return 1
