import ctypes.util
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from protocol.errors import LimitExceeded, MalformedVoice
from protocol.limits import CODEC2_FRAMES_MAX, OPUS_PACKETS_MAX, VOICE_SECONDS_MAX
from protocol.speech import clear
from protocol.speech.denoise import denoise
from protocol.speech.errors import NoOpus, NotSound, RecordingSilent, RecordingTooLong
from protocol.speech.note import decode_clear, decode_thin, encode_note
from protocol.speech.resample import resample
from protocol.speech.sound import Sound
from protocol.speech.trim import keep_voice
from protocol.speech.wav import read_wav, write_wav
from tests.protocol.speech.conftest import AddNoise
from tests.protocol.speech.intelligibility import intelligibility

OTHER_SPEECH_MAX = 0.5
"""What white noise and another recording stay below; the tests of this bound are the first two."""


def repeated(sound: Sound, seconds: int) -> Sound:
    return Sound(samples=np.resize(sound.samples, seconds * sound.rate_hz), rate_hz=sound.rate_hz)


def white_noise(seconds: int) -> Sound:
    samples = np.random.default_rng(5).standard_normal(seconds * 16_000).astype(np.float32) * np.float32(0.1)
    return Sound(samples=samples, rate_hz=16_000)


def test_the_measure_does_not_take_noise_for_speech(speech: Sound) -> None:
    assert intelligibility(speech, white_noise(8)) < OTHER_SPEECH_MAX


def test_the_measure_does_not_take_other_words_for_the_same(narrow_speech: Sound, wide_speech: Sound) -> None:
    other = encode_note(wide_speech)
    assert intelligibility(narrow_speech, decode_thin(other.thin)) < OTHER_SPEECH_MAX
    assert intelligibility(narrow_speech, decode_clear(other.clear)) < OTHER_SPEECH_MAX


def test_the_thin_form_is_understood(speech: Sound) -> None:
    heard = decode_thin(encode_note(speech).thin)
    assert heard.rate_hz == 8_000
    assert intelligibility(keep_voice(denoise(speech)), heard) > 0.8


def test_the_clear_form_is_understood(speech: Sound) -> None:
    heard = decode_clear(encode_note(speech).clear)
    assert heard.rate_hz == 16_000
    assert intelligibility(denoise(speech).sound, heard) > 0.93
    assert intelligibility(speech, heard) > 0.9


def test_both_forms_are_understood_through_engine_noise(speech: Sound, with_engine: AddNoise) -> None:
    note = encode_note(with_engine(speech, 10))
    assert intelligibility(speech, decode_clear(note.clear)) > 0.75
    # Trimming moves words of the thin form, so it is compared with what was left of the noisy recording.
    kept = keep_voice(denoise(with_engine(speech, 10)))
    assert intelligibility(kept, decode_thin(note.thin)) > 0.7


def test_a_stereo_recording_at_44100_is_understood(wide_speech: Sound) -> None:
    mono = resample(wide_speech, 44_100)
    data = bytearray(write_wav(Sound(samples=np.repeat(mono.samples, 2), rate_hz=44_100)))
    data[22:24], data[32:34] = b"\2\0", b"\4\0"
    sound = read_wav(bytes(data))
    assert sound.duration_ms == wide_speech.duration_ms
    assert intelligibility(wide_speech, decode_clear(encode_note(sound).clear)) > 0.9


def test_thirty_seconds_fit_their_links(narrow_speech: Sound) -> None:
    note = encode_note(repeated(narrow_speech, 30))
    assert note.duration_ms == 30_000
    assert {len(frame) for frame in note.thin} == {6}
    assert 1_300 < len(note.thin) <= 1_500
    assert len(note.clear) == 500
    assert sum(len(packet) for packet in note.clear) <= 29_400


def test_thirty_seconds_of_speech_over_speech_fit_too(narrow_speech: Sound) -> None:
    once = repeated(narrow_speech, 30)
    babble = Sound(samples=once.samples + once.samples[::-1], rate_hz=once.rate_hz)
    assert sum(len(packet) for packet in encode_note(babble).clear) <= 29_400


def test_the_longest_note_stays_within_the_limits_of_the_wire(narrow_speech: Sound) -> None:
    note = encode_note(repeated(narrow_speech, VOICE_SECONDS_MAX))
    assert len(note.thin) <= CODEC2_FRAMES_MAX
    assert len(note.clear) <= OPUS_PACKETS_MAX
    assert decode_clear(note.clear).duration_ms == VOICE_SECONDS_MAX * 1_000


def test_the_same_recording_always_gives_the_same_bytes(speech: Sound) -> None:
    assert encode_note(speech) == encode_note(speech)


def test_decoding_thin_twice_sounds_the_same(speech: Sound) -> None:
    frames = encode_note(speech).thin
    assert intelligibility(decode_thin(frames), decode_thin(frames)) > 0.95


def test_a_decoded_note_is_never_louder_than_full_scale(speech: Sound) -> None:
    square = Sound(samples=np.sign(speech.samples), rate_hz=speech.rate_hz)
    note = encode_note(square)
    assert float(np.abs(decode_thin(note.thin).samples).max()) <= 1.0
    assert float(np.abs(decode_clear(note.clear).samples).max()) <= 1.0


@pytest.mark.parametrize("milliseconds", [1, 10, 61, 250])
def test_a_very_short_recording_gives_at_least_one_of_each(speech: Sound, milliseconds: int) -> None:
    start = speech.rate_hz
    part = speech.samples[start : start + milliseconds * speech.rate_hz // 1_000]
    note = encode_note(Sound(samples=part, rate_hz=speech.rate_hz))
    assert len(note.thin) >= 1
    assert len(note.clear) == -(-milliseconds // 60)


@pytest.mark.parametrize("offset", [0.0, 0.3])
@pytest.mark.parametrize("seconds", [0, 5])
def test_silence_is_refused_with_advice(seconds: int, offset: float) -> None:
    muted = np.random.default_rng(2).integers(-8, 9, seconds * 8_000) / 32_768 + offset
    with pytest.raises(RecordingSilent, match="check that the microphone is on") as refusal:
        encode_note(Sound(samples=muted.astype(np.float32), rate_hz=8_000))
    assert refusal.value.code == "recording-silent"


def test_samples_from_a_page_have_the_same_limits_as_a_file() -> None:
    with pytest.raises(RecordingTooLong):
        encode_note(Sound(samples=np.ones(VOICE_SECONDS_MAX * 8_000 + 1, np.float32), rate_hz=8_000))
    with pytest.raises(NotSound):
        encode_note(Sound(samples=np.ones(8_000, np.float32), rate_hz=96_000))


def test_no_frames_are_no_sound() -> None:
    assert decode_thin(()).duration_ms == 0
    assert decode_clear(()).duration_ms == 0


def test_frames_of_another_size_are_refused() -> None:
    for frame in (b"", bytes(5), bytes(7)):
        with pytest.raises(MalformedVoice):
            decode_thin((bytes(6), frame))


def test_more_than_a_note_may_hold_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(LimitExceeded):
        decode_thin((bytes(6),) * (CODEC2_FRAMES_MAX + 1))
    with pytest.raises(LimitExceeded):
        decode_clear((bytes(6),) * (OPUS_PACKETS_MAX + 1))


def test_damaged_packets_are_refused() -> None:
    with pytest.raises(MalformedVoice, match="empty"):
        decode_clear((b"",))
    # Code 3 with a count of no frames; then two frames of 60 ms, which is more than a packet may play.
    for packet in (b"\x1b\x00", b"\x19" + bytes(20)):
        with pytest.raises(MalformedVoice, match="damaged"):
            decode_clear((packet,))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=80), max_size=6))
def test_hostile_packets_are_played_or_refused_and_nothing_else(packets: list[bytes]) -> None:
    try:
        assert decode_clear(packets).duration_ms <= 60 * len(packets)
    except MalformedVoice:
        event("refused")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(min_size=6, max_size=6), max_size=12))
def test_every_codec2_frame_decodes_to_finite_sound(frames: list[bytes]) -> None:
    sound = decode_thin(frames)
    assert sound.duration_ms == 20 * len(frames)
    assert bool(np.isfinite(sound.samples).all())
    assert float(np.abs(sound.samples).max(initial=0)) <= 1.0


@pytest.fixture
def without_opus(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    clear._opus.cache_clear()
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: None)
    yield
    clear._opus.cache_clear()


@pytest.mark.usefixtures("without_opus")
def test_a_computer_without_opus_says_what_to_install(wide_speech: Sound) -> None:
    with pytest.raises(NoOpus, match="install the system package libopus0") as refusal:
        encode_note(wide_speech)
    assert refusal.value.code == "no-opus"
    with pytest.raises(NoOpus):
        decode_clear((b"\x18",))
    assert decode_thin((bytes(6),)).duration_ms == 20
