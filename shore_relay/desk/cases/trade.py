"""Which vessel, trip or catch a case is about, as companies write it: what ties a case to a trade chain."""

from dataclasses import dataclass
from enum import StrEnum

from protocol.documents import Json, Reader
from protocol.ids import VesselId
from shore_relay.desk.cases.reading import read_enum

TRADE_REFERENCES_MAX = 200
"""Of one case."""
TRADE_CHARACTERS_MAX = 120


class TradeKind(StrEnum):
    """What a reference names."""

    VESSEL = "vessel"
    """A registration, an IMO number, a call sign, a licence."""
    TRIP = "trip"
    CATCH_BATCH = "catch-batch"
    """A lot, a landing, a catch certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeReference:
    """One reference."""

    number: int
    """Counts from 1 within the case."""
    kind: TradeKind
    text: str
    vessel: VesselId
    """Of the desk's own vessels, the one that it is about."""
    message: int = 0
    """In which it was said; 0 where it is known from elsewhere."""


def describe_trade(reference: TradeReference) -> dict[str, Json]:
    """Return a reference as data."""
    return {
        "number": reference.number,
        "kind": reference.kind.value,
        "text": reference.text,
        "vessel": reference.vessel.hex(),
        "message": reference.message,
    }


def read_trade(opened: Reader) -> TradeReference:
    """Read what `describe_trade` wrote."""
    with opened as reader:
        return TradeReference(
            number=reader.integer("number", least=1),
            kind=read_enum(TradeKind, reader.text("kind")),
            text=reader.text("text", most=TRADE_CHARACTERS_MAX),
            vessel=VesselId(reader.hexadecimal("vessel", size_bytes=8)),
            message=reader.integer("message"),
        )
