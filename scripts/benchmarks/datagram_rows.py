"""Rows about datagrams: their size with IP's headers, and what loss, doubling and overtaking cost."""

from collections.abc import Sequence

from scripts.benchmarks.wishes import Pick, Wish, air, mark, seconds, whole_ip

_SIZES = {"4500": "4,500 B voice", "60000": "60,000 B voice"}


def _size_row(size: str, name: str) -> Wish:
    return Wish(
        row=f"{name} on UDP, whole IP packets",
        unit="bytes",
        own=Pick(f"seavoice {size} udp", whole_ip),
        peers={"LXMF warm, UDP": Pick(f"lxmf {size} udp", whole_ip)},
        also={"without IP and UDP headers": Pick(f"seavoice {size} udp", air)},
    )


def _fault_row(fault: str, run: str, *, target: float | None = None) -> Wish:
    return Wish(
        row=f"60 kB, {fault}: time",
        unit="s",
        own=Pick(f"seavoice {run}", seconds),
        target=target,
        peers={"LXMF": Pick(f"lxmf {run}", seconds)},
        also={
            "bytes": Pick(f"seavoice {run}", air),
            "whole IP packets": Pick(f"seavoice {run}", whole_ip),
            "duplicate bytes": Pick(f"seavoice {run}", mark("duplicate_bytes")),
            "LXMF bytes": Pick(f"lxmf {run}", air),
        },
    )


DATAGRAMS: Sequence[Wish] = (
    *(_size_row(size, name) for size, name in _SIZES.items()),
    _fault_row("10 % of datagrams lost", "loss", target=240),
    _fault_row("10 % of datagrams doubled", "doubled"),
    _fault_row("10 % of datagrams up to 8 s late and overtaken", "overtaken"),
    _fault_row("10 % of datagrams lost, 10 % doubled, 10 % overtaken", "confused"),
)
