"""What a case says about money, in a form that a financial-crime desk can load."""

from dataclasses import dataclass
from enum import StrEnum

from protocol.documents import Json, Reader
from protocol.ids import UnixSeconds
from shore_relay.desk.cases.reading import read_enum

MONEY_FACTS_MAX = 200
"""Of one case."""
PARTY_CHARACTERS_MAX = 200
ACCOUNT_CHARACTERS_MAX = 100
COMMENT_CHARACTERS_MAX = 1_000
AMOUNT_HUNDREDTHS_MAX = 10**15
"""Ten thousand thousand millions of the smallest money in use: more than any crew was ever robbed of."""

# ISO 4217, the codes in use. A slip in a code is found here and not by whoever loads the file.
_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
    "GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT "
    "LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR "
    "NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP "
    "STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF "
    "XPF YER ZAR ZMW ZWG"
)
CURRENCIES = frozenset(_CODES.split())

_UNKNOWN = UnixSeconds(0)


class MoneyKind(StrEnum):
    """What the money was, or was said to be."""

    RECRUITMENT_FEE = "recruitment-fee"
    DEBT = "debt"
    DEDUCTION = "deduction"
    WAGES_WITHHELD = "wages-withheld"
    TRANSFER = "transfer"
    """Money that went, or was to go, from one to another: a remittance, a bribe, a payment."""
    ACCOUNT = "account"
    """An account that is used; the amount may be unknown."""


class PartyRole(StrEnum):
    """What whoever took, lent or kept the money is."""

    RECRUITER = "recruiter"
    EMPLOYER = "employer"
    VESSEL_OWNER = "vessel-owner"
    CAPTAIN = "captain"
    LENDER = "lender"
    REMITTER = "remitter"
    """A bank, a wallet, whoever carries money home."""
    OFFICIAL = "official"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyFact:
    """One fact. The fisher is never named in it."""

    number: int
    """Counts from 1 within the case."""
    kind: MoneyKind
    amount_hundredths: int
    """Of the currency's unit; 0 where nobody knows."""
    currency: str
    """ISO 4217; empty where the amount is not known."""
    since: UnixSeconds = _UNKNOWN
    """The day on which it happened or began, UTC midnight; 0 where nobody knows."""
    until: UnixSeconds = _UNKNOWN
    """The last day, where it went on; else 0."""
    role: PartyRole
    party: str = ""
    institution: str = ""
    """The bank or wallet of the account."""
    account: str = ""
    comment: str = ""
    message: int = 0
    """In which it was said; 0 where it is known from elsewhere."""


def describe_money(fact: MoneyFact) -> dict[str, Json]:
    """Return a fact as data."""
    return {
        "number": fact.number,
        "kind": fact.kind.value,
        "amount_hundredths": fact.amount_hundredths,
        "currency": fact.currency,
        "since": fact.since,
        "until": fact.until,
        "role": fact.role.value,
        "party": fact.party,
        "institution": fact.institution,
        "account": fact.account,
        "comment": fact.comment,
        "message": fact.message,
    }


def read_money(opened: Reader) -> MoneyFact:
    """Read what `describe_money` wrote."""
    with opened as reader:
        return MoneyFact(
            number=reader.integer("number", least=1),
            kind=read_enum(MoneyKind, reader.text("kind")),
            amount_hundredths=reader.integer("amount_hundredths", most=AMOUNT_HUNDREDTHS_MAX),
            currency=reader.text("currency", most=3),
            since=UnixSeconds(reader.integer("since")),
            until=UnixSeconds(reader.integer("until")),
            role=read_enum(PartyRole, reader.text("role")),
            party=reader.text("party", most=PARTY_CHARACTERS_MAX),
            institution=reader.text("institution", most=ACCOUNT_CHARACTERS_MAX),
            account=reader.text("account", most=ACCOUNT_CHARACTERS_MAX),
            comment=reader.text("comment", most=COMMENT_CHARACTERS_MAX),
            message=reader.integer("message"),
        )


def amount_text(hundredths: int) -> str:
    """Return an amount as a decimal number with a point and two places, as programs load it."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"
