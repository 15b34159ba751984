"""What bytes and credits cost, so that crossings over unlike links can be compared.

Both are about what small buyers pay; they are units for comparing, and nobody's offer. The bytes are payload
as the sky's meter counts it, without the headers of IP.
"""

PRICE_PER_MEGABYTE = 6.0
"""US dollars; what metered satellite airtime costs about."""

PRICE_PER_CREDIT = 0.12
"""US dollars; what one credit of RockBLOCK's costs in a small bundle."""

BYTES_PER_MEGABYTE = 1_000_000


def money(*, air_bytes: float = 0.0, credits_spent: float = 0.0) -> float:
    """Return what so many metered bytes and credits of short messages cost, in US dollars."""
    return air_bytes * PRICE_PER_MEGABYTE / BYTES_PER_MEGABYTE + credits_spent * PRICE_PER_CREDIT
