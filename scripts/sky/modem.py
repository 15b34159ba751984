"""A modem as a program: speaks the real dialogue over a simulated sky, and goes wrong when it is told to."""

import asyncio
import contextlib
import os
import tty
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scripts.sky.messages import MessageSky, SessionResult

IMEI = "300234010753370"
LOAD_TIMEOUT_S = 60.0


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong next; each is used up."""

    statuses: deque[int] = field(default_factory=deque)
    """Statuses of the next sessions, which then carry nothing; ambiguous ones carry the message up."""
    damaged_loads: int = 0
    damaged_mails: int = 0
    cut_mails: int = 0
    garbled_reports: int = 0
    doubled_mails: int = 0
    noise: bytes = b""
    """Before every answer."""
    deaf: bool = False
    wrong_baud: bool = False
    dies_in_session: bool = False
    bars: deque[int] = field(default_factory=deque)


def check_sum(message: bytes) -> bytes:
    """Return the two bytes behind a message."""
    return (sum(message) & 0xFFFF).to_bytes(2)


class ModemProgram:
    """The modem, without a port: bytes and the time in, bytes out."""

    def __init__(self, sky: MessageSky, faults: Faults | None = None) -> None:
        self.sky = sky
        self.faults = faults or Faults()
        self.commands: list[str] = []
        self.alive = True
        self.results: list[SessionResult] = []
        self._sky_busy_until_s = 0.0
        self._power_on()

    def _power_on(self) -> None:
        self._echo = True
        self._line = bytearray()
        self._load: bytearray | None = None
        self._load_bytes = 0
        self._load_ends_s = 0.0
        self._up: bytes | None = None
        self._down: bytes | None = None
        self._ends_s: float | None = None
        self._number_down = 0

    def plug_in(self) -> None:
        """Give the modem power: what lay in its buffers is gone."""
        self.alive = True
        self._power_on()

    def due_s(self) -> float | None:
        """Return when `tick` has something to do."""
        return self._load_ends_s if self._load is not None else self._ends_s

    def tick(self, now_s: float) -> bytes:
        """Return what the modem says because time has passed."""
        if self._load is not None and now_s >= self._load_ends_s:
            self._load = None
            return self._say("1", "OK")
        if self._ends_s is None or now_s < self._ends_s:
            return b""
        self._ends_s = None
        return self._end_session(self.sky.finish(now_s))

    def receive(self, data: bytes, now_s: float) -> bytes:
        """Take what the host writes and return the answer."""
        if self.faults.deaf or not self.alive:
            return b""
        if self.faults.wrong_baud:
            return bytes((byte * 37 + 129) & 0xFF | 0x80 for byte in data)
        answer = b""
        for byte in data:
            if self._load is not None:
                self._load.append(byte)
                if len(self._load) == self._load_bytes + 2:
                    answer += self._loaded(bytes(self._load))
                continue
            if byte != ord("\r"):
                self._line.append(byte)
                continue
            command = self._line.decode("latin-1").strip()
            self._line.clear()
            answer += (f"{command}\r".encode("latin-1") if self._echo else b"") + self._obey(command, now_s)
        return answer

    def ring(self) -> bytes:
        """Tell the host that a message waits."""
        return b"SBDRING\r\n" if self.alive else b""

    # --- commands ---

    def _obey(self, command: str, now_s: float) -> bytes:
        self.commands.append(command)
        name, _, value = command.partition("=")
        match name:
            case "AT" | "AT&K0" | "AT+SBDMTA" | "AT+SBDAREG":
                return self._say("OK")
            case "ATE0":
                self._echo = False
                return self._say("OK")
            case "AT+CGSN":
                return self._say(IMEI, "OK")
            case "AT+CSQ":
                return self._say(f"+CSQ:{self.faults.bars.popleft() if self.faults.bars else 5}", "OK")
            case "AT+SBDSX":
                waits = self.sky.down_waiting
                return self._say(f"+SBDSX: 0, 1, {int(self._down is not None)}, 1, 0, {waits}", "OK")
            case "AT+SBDD0":
                self._up = None
                return self._say("0", "OK")
            case "AT+SBDD1":
                self._down = None
                return self._say("0", "OK")
            case "AT+SBDWB":
                return self._announce(int(value), now_s)
            case "AT+SBDRB":
                return self._hand_over()
            case "AT+SBDIX" | "AT+SBDIXA":
                return self._begin_session(now_s)
        return self._say("ERROR")

    def _say(self, *lines: str) -> bytes:
        return self.faults.noise + "".join(f"\r\n{line}\r\n" for line in lines).encode("latin-1")

    def _announce(self, size_bytes: int, now_s: float) -> bytes:
        if not 1 <= size_bytes <= self.sky.profile.up_bytes_max:
            return self._say("3", "OK")
        self._load, self._load_bytes = bytearray(), size_bytes
        self._load_ends_s = now_s + LOAD_TIMEOUT_S
        return self._say("READY")

    def _loaded(self, loaded: bytes) -> bytes:
        self._load = None
        message = loaded[:-2]
        if self.faults.damaged_loads or check_sum(message) != loaded[-2:]:
            self.faults.damaged_loads = max(0, self.faults.damaged_loads - 1)
            return self._say("2", "OK")
        self._up = message
        return self._say("0", "OK")

    def _hand_over(self) -> bytes:
        message = self._down or b""
        whole = len(message).to_bytes(2) + message + check_sum(message)
        if self.faults.damaged_mails:
            self.faults.damaged_mails -= 1
            whole = whole[:-1] + bytes([whole[-1] ^ 1])
        if self.faults.cut_mails:
            self.faults.cut_mails -= 1
            return whole[:-3]
        return whole + self._say("OK")

    def _begin_session(self, now_s: float) -> bytes:
        if self.faults.dies_in_session:
            self.faults.dies_in_session = False
            self.alive = False
            self._sky_busy_until_s = self.sky.begin(self._up, now_s).ends_s
            self.sky.finish(self._sky_busy_until_s)
            return b""
        if self.faults.statuses and self.faults.statuses[0] >= 32:
            return self._report(self.faults.statuses.popleft(), 0, 0, 0)
        # Power may be back before the session that it broke off would have ended in the sky.
        self._ends_s = self.sky.begin(self._up, max(now_s, self._sky_busy_until_s)).ends_s
        return b""

    def _end_session(self, result: SessionResult) -> bytes:
        self.results.append(result)
        status = result.status
        if self.faults.statuses:
            status = self.faults.statuses.popleft()
            if result.down is not None:
                self.sky.queue_down(result.down)
            return self._report(status, 0, 0, 0)
        if status == 0:
            self._down = result.down
        if result.down is not None and self.faults.doubled_mails:
            self.faults.doubled_mails -= 1
            self.sky.queue_down(result.down)
        return self._report(
            status, int(result.down is not None), len(result.down or b""), self.sky.down_waiting
        )

    def _report(self, status: int, down_status: int, down_bytes: int, queued: int) -> bytes:
        if self.faults.garbled_reports:
            self.faults.garbled_reports -= 1
            return self._say("+SBDI\x83: 0,\xff", "OK")
        return self._say(f"+SBDIX: {status}, 7, {down_status}, 3, {down_bytes}, {queued}", "OK")


class PluggedModem:
    """The program on a pseudo-terminal, under a path that stays the same when it is plugged in again."""

    def __init__(self, program: ModemProgram, device: Path, now: Callable[[], float], speed: float) -> None:
        self.program = program
        self.on_session: Callable[[], None] = lambda: None
        """Called after everything that the modem did, so that a shore can look at the sky."""
        self._device = device
        self._now = now
        self._speed = speed
        self._loop = asyncio.get_running_loop()
        self._host: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def plug_in(self) -> None:
        """Make the terminal, and its name."""
        self.program.plug_in()
        self._host, end = os.openpty()
        tty.setraw(end)
        self._device.unlink(missing_ok=True)
        self._device.symlink_to(os.ttyname(end))
        os.set_blocking(self._host, False)
        self._loop.add_reader(self._host, self._on_readable)
        # The terminal lives as long as one end of it is open here; the bearer opens its own.
        self._end = end

    def unplug(self) -> None:
        """Take the modem away, in whatever it is doing."""
        if self._host is None:
            return
        self._loop.remove_reader(self._host)
        os.close(self._host)
        os.close(self._end)
        self._host = None
        self._device.unlink(missing_ok=True)
        if self._timer is not None:
            self._timer.cancel()

    def ring(self) -> None:
        """Ring."""
        self._write(self.program.ring())

    def _on_readable(self) -> None:
        assert self._host is not None
        try:
            data = os.read(self._host, 4_096)
        except OSError:
            return
        self._write(self.program.receive(data, self._now()))
        self._settle()

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due_s = self.program.due_s()
        if due_s is not None:
            delay_s = max(0.0, due_s - self._now()) / self._speed
            self._timer = self._loop.call_later(delay_s, self._on_due)
        self.on_session()
        if not self.program.alive:
            self.unplug()

    def _on_due(self) -> None:
        self._write(self.program.tick(self._now()))
        self._settle()

    def _write(self, data: bytes) -> None:
        if data and self._host is not None:
            os.write(self._host, data)


@contextlib.contextmanager
def plugged(
    program: ModemProgram, device: Path, now: Callable[[], float], speed: float
) -> Iterator[PluggedModem]:
    """Keep a modem plugged in while the context lasts."""
    modem = PluggedModem(program, device, now, speed)
    modem.plug_in()
    try:
        yield modem
    finally:
        modem.unplug()
