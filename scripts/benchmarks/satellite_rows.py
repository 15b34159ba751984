"""Rows about short messages over the real modem's dialogue, and about several links at once."""

from collections.abc import Sequence

from scripts.benchmarks.wishes import Pick, Wish, air, mark, seconds

_CHECK_IN_WITH_RECEIPT = 5
"""Four for the check-in, and one for the message that brings its receipt."""


_SLOW_PEER = {"LXMF, 40 s each way: seconds": Pick("lxmf 40 s each way", seconds)}


def _minutes(run: str) -> dict[str, Pick]:
    return {"minutes to the gateway": Pick(run, lambda outcome: outcome.seconds / 60)}


def _peers(what: str, column: str) -> dict[str, Pick]:
    """Return what LXMF's packets come to, cut to fit; nothing of it is lost, nor late."""
    cold = {"check-in": {"LXMF cold": "check-in cold", "LXMF alone": "check-in alone"}}.get(what, {})
    figures = {"LXMF warm": Pick("lxmf cut", mark(f"{what} {column}"))}
    figures |= {name: Pick("lxmf cut", mark(f"{mark_of} {column}")) for name, mark_of in cold.items()}
    return figures | {"LXMF warm, packets of 340": Pick("lxmf cut 340", mark(f"{what} {column}"))}


def _up_rows(
    name: str,
    run: str,
    *,
    peer: str,
    messages: float | None = None,
    size_bytes: float | None = None,
    credits_most: float | None = None,
    down: float | None = None,
) -> tuple[Wish, ...]:
    title = f"SBD, {name}"
    return (
        Wish(
            row=f"{title}: messages up",
            unit="messages",
            own=Pick(run, mark("messages_up")),
            target=messages,
            peers=_peers(peer, "up") | _SLOW_PEER,
            also={"mean": Pick(run, mark("messages_up_mean")), **_minutes(run)},
        ),
        Wish(
            row=f"{title}: messages down",
            unit="messages",
            own=Pick(run, mark("messages_down")),
            target=down,
            peers=_peers(peer, "down"),
        ),
        Wish(row=f"{title}: bytes", unit="bytes", own=Pick(run, mark("bytes_up")), target=size_bytes),
        Wish(
            row=f"{title}: credits",
            unit="credits",
            own=Pick(run, mark("credits_up")),
            target=credits_most,
            peers=_peers(peer, "credits"),
            also={
                "with its receipt": Pick(run, mark("credits")),
                "mean with its receipt, failures included": Pick(run, lambda each: each.credits_spent),
            },
        ),
    )


SHORT: Sequence[Wish] = (
    *_up_rows("a check-in", "sbd check-in", peer="check-in", messages=1, size_bytes=200, credits_most=4),
    *_up_rows(
        "a report of 200 characters", "sbd report", peer="report", messages=1, size_bytes=300, credits_most=6
    ),
    *_up_rows("4.5 kB", "sbd 4500", peer="4500", messages=16, down=2),
    *_up_rows("10 s of voice, thin", "sbd 10 s", peer="10 s"),
    *_up_rows("30 s of voice, thin", "sbd 30 s", peer="30 s"),
    Wish(
        row="SBD, a short answer: bytes down",
        unit="bytes",
        own=Pick("sbd answer", mark("bytes_down")),
        target=270,
    ),
    Wish(
        row="SBD, a short answer: credits, with the box's receipt",
        unit="credits",
        own=Pick("sbd answer", mark("credits")),
        also={
            "messages down": Pick("sbd answer", mark("messages_down")),
            "of them for the receipt": Pick("sbd answer", mark("credits_up")),
            "mean, failures included": Pick("sbd answer", lambda each: each.credits_spent),
        },
    ),
)

MIXED: Sequence[Wish] = (
    Wish(
        row="10 s of voice, thin by SBD and clear by a stream that comes later: credits",
        unit="credits",
        own=Pick("mixed note", mark("credits")),
        also={
            "messages up": Pick("mixed note", mark("messages_up")),
            "stream bytes for the clear form": Pick("mixed note", air),
            "seconds on the stream": Pick("mixed note", seconds),
        },
    ),
    Wish(
        row="10 s of voice, clear form: messages by SBD",
        unit="messages",
        own=Pick("mixed note", mark("later_messages_up")),
        target=0,
        also={"duplicate bytes": Pick("mixed note", mark("duplicate_bytes"))},
    ),
    Wish(
        row="urgent over TCP, UDP and SBD at once: deliveries to the desk",
        unit="deliveries",
        own=Pick("mixed urgent", mark("deliveries")),
        target=1,
        also={
            "TCP bytes": Pick("mixed urgent", mark("TCP bytes")),
            "UDP bytes": Pick("mixed urgent", mark("UDP bytes")),
            "SBD bytes": Pick("mixed urgent", mark("bytes_up")),
            "duplicate bytes": Pick("mixed urgent", mark("duplicate_bytes")),
        },
    ),
    Wish(
        row="urgent over TCP, UDP and SBD at once: time to its receipt",
        unit="s",
        own=Pick("mixed urgent", seconds),
        target=6,
    ),
    Wish(
        row="60 kB by stick, its receipt by SBD: credits beyond a check-in and its receipt",
        unit="credits",
        own=Pick("mixed stick", lambda each: each.credits_spent - _CHECK_IN_WITH_RECEIPT),
        target=0,
        also={
            "stick bytes": Pick("mixed stick", mark("stick_bytes")),
            "stick packets": Pick("mixed stick", mark("stick_packets")),
            "credits before the check-in": Pick("mixed stick", mark("before_check_in")),
        },
    ),
)
