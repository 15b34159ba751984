"""What a partner reads, in the words of a page: the preview before it leaves, and the partner's own view."""

from dataclasses import dataclass

from shore_relay.desk.referrals.describing import category_text, indicator_text, money_text, well_being_text
from shore_relay.desk.referrals.given import Given, GivenMessage
from shore_relay.desk.words import Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A referral as a page shows it."""

    given: Given
    messages: tuple["ShownMessage", ...]
    indicators: tuple[tuple[str, tuple[int, ...]], ...]
    money: tuple[str, ...]

    @property
    def has_sound(self) -> bool:
        """Whether any voice is given."""
        return any(message.given.sound for message in self.messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMessage:
    """A message with its codes in words."""

    given: GivenMessage
    categories: tuple[str, ...]
    well_being: str


def view_given(given: Given, words: Words) -> Shown:
    """Return a referral in the language of whoever looks."""
    return Shown(
        given=given,
        messages=tuple(
            ShownMessage(
                given=message,
                categories=tuple(category_text(name, words) for name in message.categories),
                well_being=well_being_text(message.well_being, words),
            )
            for message in given.messages
        ),
        indicators=tuple((indicator_text(each.name, words), each.messages) for each in given.indicators),
        money=tuple(money_text(fact, words) for fact in given.money),
    )
