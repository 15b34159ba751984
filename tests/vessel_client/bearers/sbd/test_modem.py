"""The dialogue with the modem, without a port: against a modem that speaks it, and against noise."""

from collections import deque
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import IllegalTransition
from protocol.ids import Instant
from scripts.sky.messages import MessageProfile, MessageSky
from scripts.sky.modem import IMEI, Faults, ModemProgram
from vessel_client.bearers.sbd.answers import Outcome, read_line
from vessel_client.bearers.sbd.dialogue import (
    TRANSITIONS,
    MailFetched,
    ModemEvent,
    ModemLimits,
    Problem,
    Rang,
    Ready,
    SessionEnded,
    SignalMeasured,
    State,
    Step,
    Unwell,
)
from vessel_client.bearers.sbd.modem import Modem

MESSAGE = bytes(range(200))


class Talk:
    """A machine and a modem, and the time between them."""

    def __init__(self, faults: Faults | None = None, sky: MessageSky | None = None) -> None:
        self.sky = sky or MessageSky()
        self.program = ModemProgram(self.sky, faults)
        self.modem = Modem(ModemLimits())
        self.now = 0.0
        self.events: list[ModemEvent] = []
        self.cut: Callable[[bytes], list[bytes]] = lambda data: [data]

    def at(self) -> Instant:
        return Instant(self.now)

    def run(self) -> None:
        """Go on until neither has anything to do."""
        for _ in range(1_000):
            outgoing = self.modem.take_outgoing()
            answer = self.program.receive(outgoing, self.now) if outgoing else b""
            if not answer and not outgoing:
                times = [at for at in (self.modem.deadline(), self.program.due_s()) if at is not None]
                if not times:
                    return
                self.now = max(self.now, min(times))
                answer = self.program.tick(self.now)
                self.take(self.modem.tick(self.at()))
            for piece in self.cut(answer):
                self.take(self.modem.receive(piece, self.at()))
        raise AssertionError("the dialogue never comes to rest")

    def take(self, events: list[ModemEvent]) -> None:
        self.events += events
        if any(isinstance(event, MailFetched) for event in events):
            self.modem.mail_kept(self.at())

    def started(self) -> "Talk":
        self.modem.start(self.at())
        self.run()
        assert self.modem.state is State.IDLE
        return self

    def session(self, message: bytes | None = MESSAGE) -> SessionEnded:
        before = len(self.events)
        self.modem.begin_session(message, self.at())
        self.run()
        (ended,) = [event for event in self.events[before:] if isinstance(event, SessionEnded)]
        return ended

    def mail(self) -> list[bytes]:
        return [event.message for event in self.events if isinstance(event, MailFetched)]


def test_a_modem_is_greeted_set_up_and_named() -> None:
    talk = Talk().started()
    assert talk.events == [Ready(imei=IMEI)]
    assert talk.program.commands[-1] == "AT+SBDSX"
    assert {"ATE0", "AT+SBDMTA=1", "AT+SBDAREG=1"} <= set(talk.program.commands)


def test_a_session_carries_a_message_each_way() -> None:
    talk = Talk().started()
    talk.sky.queue_down(b"\r\nOK\r\nanswer")
    ended = talk.session()
    assert ended.outcome is Outcome.SENT
    assert [taken.message for taken in talk.sky.taken()] == [MESSAGE]
    assert talk.mail() == [b"\r\nOK\r\nanswer"]
    assert talk.program.commands[-1] == "AT+SBDD1", "the modem lets go of it only then"


@pytest.mark.parametrize("first", [0x0A, 0x0D, 0x41, 0x00])
def test_a_large_message_whose_length_looks_like_a_line_is_read_whole(first: int) -> None:
    large = MessageProfile(up_bytes_max=100_000, down_bytes_max=60_000)
    talk = Talk(sky=MessageSky(large))
    talk.modem = Modem(ModemLimits(up_bytes_max=60_000, down_bytes_max=60_000))
    talk.started()
    message = bytes((first << 8) + 0x54)
    talk.sky.queue_down(message)
    talk.session(bytes(50_000))
    assert talk.mail() == [message]
    assert len(talk.sky.taken()[0].message) == 50_000


def test_a_check_for_mail_sends_nothing_that_still_lies_in_the_modem() -> None:
    talk = Talk().started()
    talk.session()
    talk.sky.taken()
    assert talk.session(None).outcome is Outcome.SENT
    assert talk.sky.taken() == []


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *((status, Outcome.SENT) for status in range(5)),
        *((status, Outcome.MAYBE) for status in (5, 8, 10, 13, 17, 18, 19, 31, 65)),
        *((status, Outcome.REFUSED) for status in (11, 12, 14, 15, 16, 33, 34)),
        (32, Outcome.NO_NETWORK),
        (35, Outcome.BUSY),
        (36, Outcome.TOO_SOON),
    ],
)
def test_every_status_has_its_meaning(status: int, outcome: Outcome) -> None:
    talk = Talk(Faults(statuses=deque([status]))).started()
    ended = talk.session()
    assert ended.outcome is outcome
    assert ended.report is not None
    assert ended.report.status == status
    assert talk.modem.state is State.IDLE


def test_a_wrong_sum_on_the_way_into_the_modem_is_repaired() -> None:
    talk = Talk(Faults(damaged_loads=2)).started()
    assert talk.session().outcome is Outcome.SENT
    assert [taken.message for taken in talk.sky.taken()] == [MESSAGE]


def test_a_modem_that_never_takes_the_message_is_left_alone() -> None:
    talk = Talk(Faults(damaged_loads=9)).started()
    assert talk.session().outcome is Outcome.BUSY
    assert talk.sky.snapshot().sessions == 0


@pytest.mark.parametrize("faults", [Faults(damaged_mails=2), Faults(cut_mails=2)])
def test_mail_that_comes_damaged_out_of_the_modem_is_fetched_again(faults: Faults) -> None:
    talk = Talk(faults).started()
    talk.sky.queue_down(b"answer")
    talk.session()
    assert talk.mail() == [b"answer"]


def test_mail_that_a_dead_box_left_in_the_modem_is_fetched_at_the_start() -> None:
    talk = Talk().started()
    talk.program._down = b"answer"
    talk.modem.start(talk.at())
    talk.run()
    assert talk.mail() == [b"answer"]


def test_a_report_that_cannot_be_read_is_a_maybe_and_its_mail_is_not_lost() -> None:
    talk = Talk(Faults(garbled_reports=1)).started()
    talk.sky.queue_down(b"answer")
    ended = talk.session()
    assert (ended.outcome, ended.report) == (Outcome.MAYBE, None)
    assert talk.mail() == [b"answer"]
    assert talk.modem.unreadable == 1


def test_rings_are_heard_in_every_state() -> None:
    talk = Talk().started()
    talk.take(talk.modem.receive(b"\r\nSBDRING\r\n", talk.at()))
    talk.modem.begin_session(MESSAGE, talk.at(), answers_ring=True)
    talk.take(talk.modem.receive(b"SBDRING\r\n", talk.at()))
    talk.run()
    assert sum(isinstance(event, Rang) for event in talk.events) == 2
    assert "AT+SBDIXA" in talk.program.commands


def test_the_signal_is_measured_in_bars() -> None:
    talk = Talk(Faults(bars=deque([3]))).started()
    talk.modem.measure(talk.at())
    talk.run()
    assert talk.events[-1] == SignalMeasured(bars=3)


def test_noise_between_the_lines_changes_nothing() -> None:
    talk = Talk(Faults(noise=b"\xff\x00~~\x80\r\n")).started()
    assert talk.session().outcome is Outcome.SENT


def test_a_modem_in_another_rate_is_told_from_one_that_is_silent() -> None:
    garbled = Talk(Faults(wrong_baud=True))
    garbled.modem.start(garbled.at())
    garbled.run()
    assert garbled.events == [Unwell(problem=Problem.UNREADABLE)]
    assert garbled.now <= 60.0
    silent = Talk(Faults(deaf=True))
    silent.modem.start(silent.at())
    silent.run()
    assert silent.events == [Unwell(problem=Problem.NO_ANSWER)]


def test_a_host_that_died_while_writing_waits_for_the_modem_to_give_up() -> None:
    talk = Talk().started()
    talk.program.receive(b"AT+SBDWB=340\r" + bytes(20), talk.now)
    talk.started()
    assert talk.session().outcome is Outcome.SENT


def test_a_port_that_goes_in_a_session_leaves_a_maybe() -> None:
    talk = Talk().started()
    talk.modem.begin_session(None, talk.at())
    talk.modem.receive(talk.program.receive(talk.modem.take_outgoing(), 0.0), talk.at())
    assert "AT+SBDD0" in talk.program.commands
    assert talk.modem.lost() == [SessionEnded(outcome=Outcome.MAYBE)]
    assert talk.modem.lost() == []


def test_what_the_table_does_not_allow_raises_and_changes_nothing() -> None:
    talk = Talk().started()
    with pytest.raises(IllegalTransition, match="340"):
        talk.modem.begin_session(bytes(341), talk.at())
    with pytest.raises(IllegalTransition):
        talk.modem.mail_kept(talk.at())
    assert talk.modem.state is State.IDLE
    talk.modem.measure(talk.at())
    with pytest.raises(IllegalTransition):
        talk.modem.begin_session(MESSAGE, talk.at())


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.OFF}
    for _ in State:
        reached |= {following for (state, _), following in TRANSITIONS.items() if state in reached}
    assert reached == set(State)
    assert all((state, Step.START) in TRANSITIONS for state in State)


PIECES = st.lists(
    st.one_of(
        st.binary(max_size=400),
        st.sampled_from(
            [
                b"OK\r\n",
                b"ERROR\r\n",
                b"READY\r\n",
                b"0\r\n",
                b"2\r\n",
                b"SBDRING\r\n",
                b"+CSQ:5\r\n",
                b"+SBDIX: 0, 1, 1, 2, 5, 9\r\n",
                b"+SBDSX: 0, 1, 1, 2, 0, 0\r\n",
                b"\x00\x02ab\x00\xc3",
            ]
        ),
    ),
    max_size=40,
)


@given(PIECES, st.sampled_from([None, MESSAGE]), st.floats(0.0, 30.0))
def test_whatever_comes_the_machine_neither_raises_nor_stays_stuck(
    pieces: list[bytes], message: bytes | None, step_s: float
) -> None:
    modem = Modem(ModemLimits())
    now = 0.0

    def take(events: list[ModemEvent]) -> None:
        if any(isinstance(event, MailFetched) for event in events):
            modem.mail_kept(Instant(now))

    modem.start(Instant(now))
    for piece in pieces:
        if modem.state is State.IDLE:
            modem.begin_session(message, Instant(now))
        take(modem.receive(piece, Instant(now)))
        now += step_s
        take(modem.tick(Instant(now)))
        assert len(modem._buffer) <= 1_000
    for _ in range(100):
        deadline = modem.deadline()
        if deadline is None:
            break
        now = deadline
        take(modem.tick(Instant(now)))
    assert modem.state in (State.OFF, State.IDLE)


@given(st.data())
def test_no_split_of_the_modems_bytes_changes_the_dialogue(data: st.DataObject) -> None:
    def cut(answer: bytes) -> list[bytes]:
        ends = sorted(data.draw(st.sets(st.integers(0, len(answer)), max_size=6)) | {0, len(answer)})
        return [answer[start:end] for start, end in pairwise(ends)]

    talk = Talk()
    talk.cut = cut
    talk.started()
    talk.sky.queue_down(b"\r\n\r\nOK\r\n")
    assert talk.session().outcome is Outcome.SENT
    assert talk.mail() == [b"\r\n\r\nOK\r\n"]


@given(st.text(max_size=80))
def test_any_line_is_read_or_refused(text: str) -> None:
    read_line(text)
