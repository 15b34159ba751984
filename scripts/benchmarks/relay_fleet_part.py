"""A part of a fleet as a program: reads orders from its input, one JSON object a line, and answers so.

Started and spoken to by `Fleet`; several of them share the work, so that no one process is the bound.
"""

import asyncio
import json
import random
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from protocol.ids import DeskKeyId
from scripts.benchmarks.relay_boat import Boat, now, report

_DIALS_AT_ONCE = 50

Order = Mapping[str, int]


class _Part:
    """The vessels of one process."""

    def __init__(self, desk_key: DeskKeyId, numbers: range) -> None:
        self._desk_key = desk_key
        self._boats = [Boat(number) for number in numbers]

    async def prepare(self, order: Order) -> dict[str, object]:
        """Make the packets of a burst; `go` sends them."""
        data = report(self._desk_key, order["size_bytes"])
        for boat in self._boats:
            boat.prepare(order["bundles"], data)
        return {"packet_bytes": len(self._boats[0].sent[-1])}

    async def go(self, order: Order) -> dict[str, object]:
        """Send what was made; say when the first vessel dialled and when the last bundle was acknowledged."""
        began_s, processor_s = now(), time.process_time()
        await _gated([boat.dial for boat in self._boats], order["port"])
        taken = await asyncio.gather(*(boat.all_taken() for boat in self._boats))
        spent_s = time.process_time() - processor_s
        return {"began_s": began_s, "ended_s": max(taken), "processor_s": spent_s}

    async def report(self, order: Order) -> dict[str, object]:
        """Let each vessel hand over a bundle at a moment of its own, dialling first where there is a port."""
        data = report(self._desk_key, order["size_bytes"])

        async def hand_over(boat: Boat) -> float:
            await asyncio.sleep(random.uniform(0, order["spread_s"]))
            began_s = now()
            if order["port"]:
                await boat.dial(order["port"])
            boat.hand_over(data)
            return await boat.all_taken() - began_s

        return {"waits_s": await asyncio.gather(*map(hand_over, self._boats))}

    async def close(self, _order: Order) -> dict[str, object]:
        """Hang up everywhere."""
        cuts = sum(boat.cuts for boat in self._boats)
        refused = sum(boat.refused for boat in self._boats)
        for boat in self._boats:
            boat.close()
        return {"cuts": cuts, "refused": refused}


async def _gated(dials: Sequence[Callable[[int], Awaitable[None]]], port: int) -> None:
    """Dial a few at once: more would only fill the queue of connections that the kernel keeps."""
    gate = asyncio.Semaphore(_DIALS_AT_ONCE)

    async def dial(one: Callable[[int], Awaitable[None]]) -> None:
        async with gate:
            await one(port)

    await asyncio.gather(*map(dial, dials))


async def _serve(part: _Part) -> None:
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        order = json.loads(line)
        do = {"prepare": part.prepare, "go": part.go, "report": part.report, "close": part.close}
        try:
            answer = await do[order.pop("do")](order)
        except OSError as reason:
            answer = {"failed": f"a connection was cut ({reason})"}
        print(json.dumps(answer), flush=True)


def main() -> None:
    """Serve one part of a fleet: the desk's key id, the first number, and the one behind the last."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    desk_key, first, behind_last = sys.argv[1:]
    part = _Part(DeskKeyId(bytes.fromhex(desk_key)), range(int(first), int(behind_last)))
    asyncio.run(_serve(part))


if __name__ == "__main__":
    main()
