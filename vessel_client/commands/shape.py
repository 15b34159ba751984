"""`seavoice-vessel shape`: what constant shape would cost, before it is turned on."""

from vessel_client.commands.terminal import Surroundings, say
from vessel_client.constant_shape import breaks_cap, carrying_s, monthly_cost
from vessel_client.errors import WrongSettings
from vessel_client.policy import NANO, Tariff
from vessel_client.settings import Settings
from vessel_client.settings_file import shape_of

_EXAMPLES = (("a check-in", 186), ("a text of 200 letters", 286), ("a voice note of 30 s", 5_060))
"""Bytes of a bundle that fills a message of 200 or of 300, and of a long note; only to give an idea."""

_PACKET_OVERHEAD_BYTES = 30
"""Names, counter, tag, the frames' own bytes and the least padding."""


def run(surroundings: Surroundings, bearer: str, size_bytes: int, interval_s: float) -> None:
    """Print what a month costs and how long messages take. Raises `WrongSettings`."""
    settings = surroundings.settings
    tariff = settings.tariffs().get(bearer)
    if tariff is None:
        raise WrongSettings(f"The bearer {bearer} is turned off; set its enabled to true first.")
    shape = shape_of(settings, bearer, size_bytes, interval_s)
    cost = monthly_cost(shape, tariff)
    answers = f", and as many answers of {shape.answer_bytes} bytes" if shape.answer_bytes else ""
    say(
        f"{bearer}: {cost.packets:,} packets of {shape.packet_bytes} bytes in 30 days{answers}, whether "
        f"anybody speaks or not: {cost.size_bytes:,} bytes, {cost.money_nano / NANO:.2f} {settings.currency}."
    )
    say(_about_the_cap(settings, tariff, breaks=breaks_cap(cost, tariff.cap)))
    for name, bundle_bytes in _EXAMPLES:
        longest_s = shape.interval_s + carrying_s(shape, bundle_bytes, _PACKET_OVERHEAD_BYTES)
        say(f"At the longest, {name} has left after {_duration(longest_s)}, if nothing is before it.")
    say(
        f"To turn it on, write shape_bytes = {shape.packet_bytes} and shape_interval_s = "
        f"{shape.interval_s:g} under [bearers.{bearer}] in settings.toml, and turn off what has no shape."
    )


def _about_the_cap(settings: Settings, tariff: Tariff, *, breaks: bool) -> str:
    cap = tariff.cap
    if breaks:
        return "That is over the bearer's cap, so the box will refuse it: raise the cap or the interval."
    if cap.money_nano is None and cap.size_bytes is None:
        return "The bearer has no cap."
    named = [] if cap.size_bytes is None else [f"{cap.size_bytes:,} bytes"]
    named += [] if cap.money_nano is None else [f"{cap.money_nano / NANO:.2f} {settings.currency}"]
    return f"That fits the bearer's cap of {' and '.join(named)}."


def _duration(seconds: float) -> str:
    if seconds < 5_400:
        return f"{seconds / 60:.0f} minutes"
    return f"{seconds / 3_600:.1f} hours"
