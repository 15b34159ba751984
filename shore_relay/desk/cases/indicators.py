"""The ILO's eleven indicators of forced labour, and which of them a category of report speaks for."""

from collections.abc import Iterable, Mapping
from enum import IntEnum
from types import MappingProxyType

from protocol.message import Category


class Indicator(IntEnum):
    """ILO, "Indicators of Forced Labour" (2012), in its order. Numbers never change their meaning."""

    ABUSE_OF_VULNERABILITY = 1
    DECEPTION = 2
    RESTRICTION_OF_MOVEMENT = 3
    ISOLATION = 4
    PHYSICAL_AND_SEXUAL_VIOLENCE = 5
    INTIMIDATION_AND_THREATS = 6
    RETENTION_OF_IDENTITY_DOCUMENTS = 7
    WITHHOLDING_OF_WAGES = 8
    DEBT_BONDAGE = 9
    ABUSIVE_WORKING_AND_LIVING_CONDITIONS = 10
    EXCESSIVE_OVERTIME = 11


PROPOSED_BY: Mapping[Category, Indicator] = MappingProxyType(
    {
        Category.UNPAID_WAGES: Indicator.WITHHOLDING_OF_WAGES,
        Category.DEDUCTIONS: Indicator.WITHHOLDING_OF_WAGES,
        Category.REMITTANCE_NOT_SENT: Indicator.WITHHOLDING_OF_WAGES,
        Category.DEBT: Indicator.DEBT_BONDAGE,
        Category.CONTRACT_NOT_UNDERSTOOD: Indicator.DECEPTION,
        Category.CONTRACT_REPLACED: Indicator.DECEPTION,
        Category.MOVED_TO_ANOTHER_VESSEL: Indicator.DECEPTION,
        Category.PAPERS_KEPT: Indicator.RETENTION_OF_IDENTITY_DOCUMENTS,
        Category.VIOLENCE: Indicator.PHYSICAL_AND_SEXUAL_VIOLENCE,
        Category.SEXUAL_VIOLENCE: Indicator.PHYSICAL_AND_SEXUAL_VIOLENCE,
        Category.THREATS: Indicator.INTIMIDATION_AND_THREATS,
        Category.TOO_LITTLE_REST: Indicator.EXCESSIVE_OVERTIME,
        Category.FOOD_OR_WATER: Indicator.ABUSIVE_WORKING_AND_LIVING_CONDITIONS,
        Category.PLACE_TO_SLEEP: Indicator.ABUSIVE_WORKING_AND_LIVING_CONDITIONS,
        Category.SAFETY_GEAR: Indicator.ABUSIVE_WORKING_AND_LIVING_CONDITIONS,
        Category.NOT_ALLOWED_ASHORE: Indicator.RESTRICTION_OF_MOVEMENT,
        Category.NOT_TAKEN_HOME: Indicator.ISOLATION,
        Category.ABANDONED: Indicator.ISOLATION,
        Category.CHILD_WORKING: Indicator.ABUSE_OF_VULNERABILITY,
        Category.PUNISHED_FOR_SPEAKING: Indicator.ABUSE_OF_VULNERABILITY,
    }
)
"""From people.md. What is not listed (illness, a death, illegal fishing) speaks for none by itself."""


def proposed(categories: Iterable[Category]) -> tuple[Indicator, ...]:
    """Return the indicators that these categories speak for, each once; a person confirms them."""
    return tuple(sorted({PROPOSED_BY[category] for category in categories if category in PROPOSED_BY}))
