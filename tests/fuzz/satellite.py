"""What the relay relies on in a message that any satellite gateway handed over."""

import math

from shore_relay.relay.bearers.sbd.gateway import IMEI_DIGITS, MOMSN_MAX
from shore_relay.relay.store.sbd_rows import MobileOriginated

IMEI = "300234010753370"
DATA_BYTES_MAX = 340
_SQLITE_MAX = 2**63


def hold_to_bounds(message: MobileOriginated) -> None:
    """Hold a message to every bound that the store and the books of credits rely on."""
    assert len(message.imei) == IMEI_DIGITS
    assert message.imei.isascii()
    assert message.imei.isdigit()
    assert 0 <= message.momsn <= MOMSN_MAX
    assert len(message.data) <= DATA_BYTES_MAX
    assert -_SQLITE_MAX <= message.transmitted_at < _SQLITE_MAX
    where = message.position
    if where is not None:
        assert math.isfinite(where.radius_km)
        assert where.radius_km >= 0
        assert abs(where.latitude) <= 90
        assert abs(where.longitude) <= 180
