from scripts.benchmarks import vessel, voice


def test_the_lock_file_gives_one_version_for_each_package_and_no_hash() -> None:
    lock = (
        "# made by a tool\n"
        "aiohttp==3.14.5 \\\n    --hash=sha256:0133 \\\n    --hash=sha256:0380\n"
        "cffi==2.1.1 ; python_version < '4' \\\n    --hash=sha256:aa\n"
    )
    assert vessel._locked(lock) == ["aiohttp==3.14.5", "cffi==2.1.1"]


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
