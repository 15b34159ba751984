from scripts.benchmarks import voice


def test_a_recording_is_cut_into_parts_of_one_length() -> None:
    whole = voice.spoken(30)
    parts = voice._parts(whole, 10)
    assert [part.duration_ms for part in parts] == [10_000] * 3
    assert whole.duration_ms == 30_000


def test_a_short_note_is_smaller_thin_than_clear_and_every_step_has_its_cost() -> None:
    coded = voice.code(voice.spoken(2))
    assert len(coded.thin) < coded.codec2_bytes < len(coded.clear)
    assert len(coded.cost_ms) == 5
    assert all(cost > 0 for cost in coded.cost_ms.values())
