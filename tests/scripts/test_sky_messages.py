import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts.sky.errors import (
    ClockError,
    MessageSizeError,
    QueueFullError,
    SessionStateError,
    SettingError,
)
from scripts.sky.messages import (
    STATUS_COMPLETED,
    STATUS_NO_NETWORK,
    STATUSES_AMBIGUOUS,
    MessageProfile,
    MessageSky,
    SessionCourse,
    SessionResult,
)


def hold_session(sky: MessageSky, up: bytes | None, now_s: float = 0.0) -> SessionResult:
    return sky.finish(sky.begin(up, now_s).ends_s)


@pytest.mark.parametrize(
    ("up_bytes", "down_bytes", "credits_spent"),
    [(0, 0, 1), (1, 0, 1), (50, 0, 1), (51, 0, 2), (200, 0, 4), (300, 0, 6), (340, 270, 13), (0, 60, 2)],
)
def test_a_session_costs_each_step_of_each_direction_and_at_least_one(
    up_bytes: int, down_bytes: int, credits_spent: int
) -> None:
    sky = MessageSky()
    if down_bytes:
        sky.queue_down(bytes(down_bytes))
    assert hold_session(sky, bytes(up_bytes) or None).credits_spent == credits_spent
    assert sky.snapshot().credits_spent == credits_spent


def test_a_completed_session_carries_one_message_each_way() -> None:
    sky = MessageSky()
    sky.queue_down(b"first")
    sky.queue_down(b"second")
    result = hold_session(sky, b"report")
    assert (result.status, result.down, result.down_waiting) == (STATUS_COMPLETED, b"first", 1)
    assert [message.message for message in sky.taken()] == [b"report"]
    assert sky.taken() == []


def test_a_session_takes_about_forty_seconds_and_nothing_is_taken_before_its_end() -> None:
    sky = MessageSky()
    session = sky.begin(b"report", 100.0)
    assert 30 <= session.ends_s - session.began_s <= 50
    assert sky.taken() == []
    with pytest.raises(SessionStateError, match="finish it then"):
        sky.finish(session.ends_s - 1)
    with pytest.raises(SessionStateError, match="before the next one begins"):
        sky.begin(None, session.ends_s - 1)
    sky.finish(session.ends_s)
    assert len(sky.taken()) == 1
    with pytest.raises(SessionStateError, match="begin one first"):
        sky.finish(session.ends_s)


@given(st.integers(), st.sampled_from((0.0, 0.1, 0.5, 1.0)))
def test_every_status_is_true_to_its_course_and_the_counters_add_up(seed: int, failure: float) -> None:
    sky = MessageSky(MessageProfile(failure=failure), seed=seed)
    results, taken, now_s = [], 0, 0.0
    for _ in range(12):
        sky.queue_down(bytes(40))
        session = sky.begin(bytes(120), now_s)
        now_s = session.ends_s
        result = sky.finish(now_s)
        got = len(sky.taken())
        taken += got
        results.append(result)
        assert got == (result.course in (SessionCourse.COMPLETED, SessionCourse.FAILED_AFTER_UP))
        assert (result.down is not None) == (result.course is SessionCourse.COMPLETED)
        assert (result.status == STATUS_COMPLETED) == (result.course is SessionCourse.COMPLETED)
        assert (result.status == STATUS_NO_NETWORK) == (result.course is SessionCourse.NO_NETWORK)
        assert result.status in (STATUS_COMPLETED, STATUS_NO_NETWORK, *STATUSES_AMBIGUOUS)
    reading = sky.snapshot()
    assert reading.sessions == 12
    assert reading.up_messages == taken
    assert reading.down_messages + sky.down_waiting == 12
    assert reading.credits_spent == sum(result.credits_spent for result in results)
    assert reading.failures == sum(result.status != STATUS_COMPLETED for result in results)


def test_an_ambiguous_failure_may_or_may_not_have_taken_the_message() -> None:
    sky = MessageSky(MessageProfile(failure=1.0))
    now_s, ambiguous = 0.0, []
    for _ in range(40):
        now_s = sky.begin(b"report", now_s).ends_s
        result = sky.finish(now_s)
        if result.status in STATUSES_AMBIGUOUS:
            ambiguous.append(bool(sky.taken()))
    assert True in ambiguous
    assert False in ambiguous


def test_a_repeat_after_an_ambiguous_failure_keeps_its_number() -> None:
    sky = MessageSky(MessageProfile(failure=0.5), seed=3)
    numbers, now_s = [], 0.0
    for _ in range(40):
        now_s = sky.begin(b"report", now_s).ends_s
        result = sky.finish(now_s)
        numbers.append((result.up_number, result.course))
    for (number, course), (following, _) in itertools.pairwise(numbers):
        assert following == number + (course is SessionCourse.COMPLETED)


def test_a_failed_session_leaves_the_queue_down_as_it_was() -> None:
    sky = MessageSky(MessageProfile(failure=1.0))
    sky.queue_down(b"answer")
    assert hold_session(sky, None).down is None
    assert sky.down_waiting == 1


@given(st.integers())
def test_one_seed_gives_one_row_of_accidents(seed: int) -> None:
    def run() -> list[SessionResult]:
        sky, now_s, results = MessageSky(MessageProfile(failure=0.5), seed=seed), 0.0, []
        for _ in range(10):
            now_s = sky.begin(b"report", now_s).ends_s
            results.append(sky.finish(now_s))
        return results

    assert run() == run()


def test_a_flush_deletes_what_waited() -> None:
    sky = MessageSky()
    sky.queue_down(b"stale")
    sky.queue_down(b"fresh", flush=True)
    assert hold_session(sky, None).down == b"fresh"


def test_a_full_queue_and_a_wrong_size_are_refused() -> None:
    sky = MessageSky(MessageProfile(queue_messages_max=1))
    sky.queue_down(bytes(270))
    with pytest.raises(QueueFullError, match="flush the queue"):
        sky.queue_down(b"more")
    with pytest.raises(MessageSizeError, match="1 to 270 bytes"):
        sky.queue_down(bytes(271), flush=True)
    assert sky.down_waiting == 1
    for wrong in (b"", bytes(341)):
        with pytest.raises(MessageSizeError, match="1 to 340 bytes"):
            sky.begin(wrong, 0.0)


def test_a_difference_of_readings_bills_one_message() -> None:
    sky = MessageSky()
    end_s = sky.begin(bytes(300), 0.0).ends_s
    sky.finish(end_s)
    before = sky.snapshot()
    sky.finish(sky.begin(bytes(60), end_s).ends_s)
    spent = sky.snapshot() - before
    assert (spent.sessions, spent.up_bytes, spent.credits_spent) == (1, 60, 2)


def test_backward_clocks_and_impossible_profiles_are_refused() -> None:
    sky = MessageSky()
    sky.begin(None, 5.0)
    with pytest.raises(ClockError, match="never go back"):
        sky.finish(4.0)
    with pytest.raises(SettingError, match="failure"):
        MessageProfile(failure=2.0)
    with pytest.raises(SettingError, match="step_bytes"):
        MessageProfile(step_bytes=0)
