"""What the forms about referrals, money and trade say, read with distrust."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from protocol.ids import UnixSeconds, VesselId
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.money import MoneyFact, MoneyKind, PartyRole
from shore_relay.desk.cases.recording import read_amount, read_day
from shore_relay.desk.cases.referral import Consent
from shore_relay.desk.cases.trade import TradeKind, TradeReference
from shore_relay.desk.errors import WrongStep
from shore_relay.desk.referrals.choosing import Choice
from shore_relay.desk.referrals.sending import Agreement
from shore_relay.desk.web.case_forms import Form, number_of, text_of

_NUMBER_DIGITS_MAX = 15
_MANY = ("message", "note", "indicator", "money", "trade")
_ONE = ("partner", "request", "sounds", "vessels", "consent", "words")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralForm:
    """What was chosen, as it stands in the form, for the next step to repeat."""

    one: Mapping[str, str]
    many: Mapping[str, Sequence[str]]

    @property
    def partner(self) -> int:
        """The number of the partner; 0 for none."""
        return _number(self.one["partner"])

    @property
    def choice(self) -> Choice:
        """The chosen parts."""
        return Choice(
            request=self.one["request"],
            messages=self._numbers("message"),
            notes=tuple(map(UnixSeconds, self._numbers("note"))),
            indicators=tuple(each for each in Indicator if each in self._numbers("indicator")),
            money=self._numbers("money"),
            trade=self._numbers("trade"),
            with_sounds=bool(self.one["sounds"]),
            with_vessels=bool(self.one["vessels"]),
        )

    @property
    def agreement(self) -> Agreement:
        """How the fisher agreed."""
        return agreement_in(self.one["consent"], self.one["words"])

    def _numbers(self, name: str) -> tuple[int, ...]:
        return tuple(_number(each) for each in self.many[name])


def referral_in(fields: Iterable[tuple[str, object]]) -> ReferralForm:
    """Read the fields of a referral's form, in which a name may stand several times."""
    one, many = defaultdict[str, str](str), {name: list[str]() for name in _MANY}
    for name, value in fields:
        if isinstance(value, str) and name in many:
            many[name].append(value)
        elif isinstance(value, str) and name in _ONE:
            one[name] = value.replace("\r\n", "\n").strip()
    return ReferralForm(one={name: one[name] for name in _ONE}, many=many)


def agreement_in(consent: str, words: str) -> Agreement:
    """Return how the fisher agreed: `message-N`, `note-MOMENT` or `words`; anything else names nothing."""
    kind, _, number = consent.partition("-")
    if kind == "words":
        return Agreement(words=words)
    if kind == "note":
        return Agreement(consent=Consent(note_at=UnixSeconds(_number(number))))
    return Agreement(consent=Consent(message=_number(number) if kind == "message" else 0))


def money_in(form: Form) -> MoneyFact:
    """Return a fact about money; raises `WrongStep`, `BadMoneyFact`."""
    kind, role = text_of(form, "kind"), text_of(form, "role")
    if kind not in set(MoneyKind) or role not in set(PartyRole):
        raise WrongStep("This form is not complete; open the case again.")
    return MoneyFact(
        number=0,
        kind=MoneyKind(kind),
        amount_hundredths=read_amount(text_of(form, "amount")),
        currency=text_of(form, "currency"),
        since=read_day(text_of(form, "since")),
        until=read_day(text_of(form, "until")),
        role=PartyRole(role),
        party=text_of(form, "party"),
        institution=text_of(form, "institution"),
        account=text_of(form, "account"),
        comment=text_of(form, "comment"),
        message=number_of(form, "message"),
    )


def trade_in(form: Form) -> TradeReference:
    """Return a reference; raises `WrongStep`."""
    kind = text_of(form, "kind")
    vessel = vessel_of(text_of(form, "vessel"))
    if kind not in set(TradeKind) or vessel is None:
        raise WrongStep("This form is not complete; open the case again.")
    return TradeReference(
        number=0,
        kind=TradeKind(kind),
        text=text_of(form, "reference"),
        vessel=vessel,
        message=number_of(form, "message"),
    )


def vessel_of(text: str) -> VesselId | None:
    """Return a vessel's id; None where it is none."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return VesselId(found) if len(found) == 8 else None


def _number(text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= _NUMBER_DIGITS_MAX
    return int(text) if is_number else 0
