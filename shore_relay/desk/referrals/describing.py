"""What is given, as lines that a person reads on a terminal: before it leaves, and at the partner's."""

from protocol.message import Category, WellBeing
from shore_relay.desk.cases.describing import indicator_name
from shore_relay.desk.cases.indicators import Indicator
from shore_relay.desk.cases.money import MoneyFact, amount_text
from shore_relay.desk.describing import category_name, well_being_name
from shore_relay.desk.referrals.given import Given, GivenMessage
from shore_relay.desk.referrals.statistics import Statistics
from shore_relay.desk.words import Words


def given_lines(given: Given, words: Words) -> list[str]:
    """Return all that a partner reads, line by line."""
    lines = [words("given.consent", day=words.date(given.consent_day))]
    if given.request:
        lines += ["", f"{words('given.request')}: {given.request}"]
    for message in given.messages:
        lines += ["", *_message(message, words)]
    for note in given.notes:
        lines += ["", f"{words('given.note')}, {words.date(note.day)}", note.text]
    if given.indicators:
        lines += ["", f"{words('indicators.title')}:"]
    for indicator in given.indicators:
        numbers = ", ".join(map(str, indicator.messages))
        lines.append(f"  {indicator_text(indicator.name, words)}" + (f" ({numbers})" if numbers else ""))
    if given.money:
        lines += ["", f"{words('money.title')}:", *(f"  {money_text(fact, words)}" for fact in given.money)]
    if given.trade:
        lines += ["", f"{words('trade.title')}:"]
        lines += [f"  {words(f'trade.kind.{each.kind.value}')}: {each.text}" for each in given.trade]
    return lines


def _message(message: GivenMessage, words: Words) -> list[str]:
    head = [words("message.title", number=message.number), words.date(message.day), message.vessel]
    lines = [", ".join(part for part in head if part)]
    if message.categories:
        lines.append("  " + ", ".join(category_text(name, words) for name in message.categories))
    if message.well_being:
        lines.append(f"  {words('kind.check-in')}: {well_being_text(message.well_being, words)}")
    for question in message.questions:
        said = words("yes") if question.yes else words("no")
        lines.append(f"  {words('question', number=question.number)}: {said}")
    if message.text:
        lines.append(message.text)
    if message.duration_ms:
        what = words("given.sound") if message.sound else words("given.sound.kept")
        lines.append(f"  {words('kind.voice')}, {words.duration(message.duration_ms)}: {what}")
    return lines


def indicator_text(name: str, words: Words) -> str:
    """Return what an indicator is called; one that this program does not know keeps its stable name."""
    return next((words(f"indicator.{int(each)}") for each in Indicator if indicator_name(each) == name), name)


def category_text(name: str, words: Words) -> str:
    """Return what a category is called; as `indicator_text`."""
    return next((words(f"category.{int(each)}") for each in Category if category_name(each) == name), name)


def well_being_text(name: str, words: Words) -> str:
    """Return what a check-in says; as `indicator_text`, and empty for nothing."""
    return next(
        (words(f"well-being.{int(each)}") for each in WellBeing if well_being_name(each) == name), name
    )


def money_text(fact: MoneyFact, words: Words) -> str:
    """Return one fact about money as a line."""
    amount = f"{amount_text(fact.amount_hundredths)} {fact.currency}" if fact.currency else ""
    days = " – ".join(words.date(day) for day in (fact.since, fact.until) if day)
    party = f"{words(f'money.role.{fact.role.value}')} {fact.party}".strip()
    account = " ".join(part for part in (fact.institution, fact.account) if part)
    parts = (amount, days, party, account, fact.comment)
    return f"{words(f'money.kind.{fact.kind.value}')}: " + ", ".join(part for part in parts if part)


def statistics_lines(statistics: Statistics, words: Words) -> list[str]:
    """Return statistics line by line."""
    lines = [
        f"{statistics.quarter}: {', '.join(statistics.vessels)}",
        words("released.people", number=statistics.people)
        if statistics.people
        else words("released.too-few", number=statistics.people_min),
    ]
    for name, number in statistics.indicators.items():
        lines.append(f"  {indicator_text(name, words)}: {words('released.people', number=number)}")
    return lines
