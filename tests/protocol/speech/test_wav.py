import io
import struct
import wave

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from protocol.limits import VOICE_SECONDS_MAX
from protocol.speech.errors import NotSound, RecordingTooLong
from protocol.speech.sound import Sound
from protocol.speech.wav import read_wav, write_wav

HEADER_BYTES = 44


def wav_file(body: bytes, *, sample_bytes: int = 2, channels: int = 1, rate_hz: int = 16_000) -> bytes:
    target = io.BytesIO()
    with wave.open(target, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(sample_bytes)
        writer.setframerate(rate_hz)
        writer.writeframes(body)
    return target.getvalue()


def tone(rate_hz: int, seconds: float = 0.5) -> NDArray[np.float64]:
    return 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(rate_hz * seconds)) / rate_hz)


def integers(samples: NDArray[np.float64], sample_bytes: int) -> bytes:
    if sample_bytes == 1:
        return np.rint(samples * 127 + 128).astype(np.uint8).tobytes()
    wide = np.rint(samples * (2**31 - 1)).astype("<i4")
    return wide.view(np.uint8).reshape(-1, 4)[:, 4 - sample_bytes :].tobytes()


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 48_000])
@pytest.mark.parametrize("sample_bytes", [1, 2, 3, 4])
def test_every_width_and_rate_gives_the_same_samples(sample_bytes: int, rate_hz: int) -> None:
    expected = tone(rate_hz)
    sound = read_wav(wav_file(integers(expected, sample_bytes), sample_bytes=sample_bytes, rate_hz=rate_hz))
    assert sound.rate_hz == rate_hz
    assert sound.duration_ms == 500
    np.testing.assert_allclose(sound.samples, expected, atol=1.5 / 2 ** min(7, 8 * sample_bytes - 1))


@pytest.mark.parametrize("sample_bytes", [2, 3, 4])
def test_a_wide_sample_keeps_its_precision(sample_bytes: int) -> None:
    expected = tone(16_000)
    sound = read_wav(wav_file(integers(expected, sample_bytes), sample_bytes=sample_bytes))
    np.testing.assert_allclose(sound.samples, expected, atol=2**-15)


def test_two_channels_are_mixed_into_one() -> None:
    left, right = tone(44_100), np.zeros(22_050)
    body = integers(np.stack([left, right], axis=1).reshape(-1), 2)
    sound = read_wav(wav_file(body, channels=2, rate_hz=44_100))
    np.testing.assert_allclose(sound.samples, left / 2, atol=1e-4)


def test_the_extensible_header_that_recorders_write_for_24_bits_is_read() -> None:
    body = integers(tone(16_000), 3)
    layout = struct.pack("<HHIIHH", 0xFFFE, 1, 16_000, 48_000, 3, 24)
    layout += struct.pack("<HHIH14s", 22, 24, 4, 1, bytes.fromhex("000000001000800000aa00389b71"))
    chunks = b"fmt " + struct.pack("<I", len(layout)) + layout + b"data" + struct.pack("<I", len(body)) + body
    sound = read_wav(b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks)
    np.testing.assert_allclose(sound.samples, tone(16_000), atol=1e-5)


@pytest.mark.parametrize("declared_size", [0, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_recorder_that_lost_power_leaves_a_readable_file(declared_size: int) -> None:
    whole = wav_file(integers(tone(16_000), 2))
    cut = whole[: HEADER_BYTES - 4] + struct.pack("<I", declared_size) + whole[HEADER_BYTES:-1]
    assert len(read_wav(cut).samples) == 7_999


def test_chunks_other_than_sound_are_skipped() -> None:
    whole = wav_file(integers(tone(16_000), 2))
    noted = whole[:12] + b"LIST" + struct.pack("<I", 3) + b"abc\0" + whole[12:] + b"LIST\4\0\0\0abcd"
    np.testing.assert_array_equal(read_wav(noted).samples, read_wav(whole).samples)


def test_what_is_written_reads_back_the_same() -> None:
    sound = read_wav(wav_file(integers(tone(16_000), 2)))
    again = read_wav(write_wav(sound))
    np.testing.assert_array_equal(again.samples, sound.samples)
    assert again.rate_hz == sound.rate_hz


def test_too_loud_is_clipped_when_written_and_never_wrapped() -> None:
    loud = Sound(samples=np.array([1.5, -1.5], np.float32), rate_hz=8_000)
    np.testing.assert_allclose(read_wav(write_wav(loud)).samples, [1.0, -1.0], atol=1e-4)


def altered(offset: int, form: str, value: int) -> bytes:
    data = bytearray(wav_file(integers(tone(16_000), 2)))
    struct.pack_into(form, data, offset, value)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"OggS" + bytes(100), id="another format"),
        pytest.param(wav_file(b"")[:36], id="no data chunk"),
        pytest.param(wav_file(b"")[:30], id="header cut off"),
        pytest.param(altered(20, "<H", 3), id="floating point"),
        pytest.param(altered(20, "<H", 0x55), id="MP3 inside"),
        pytest.param(altered(22, "<H", 6), id="six channels"),
        pytest.param(altered(22, "<H", 0), id="no channel"),
        pytest.param(altered(34, "<H", 12), id="twelve bits"),
        pytest.param(altered(32, "<H", 4), id="contradiction"),
        pytest.param(altered(24, "<I", 0), id="no rate"),
        pytest.param(altered(24, "<I", 4_000), id="rate too low"),
        pytest.param(altered(24, "<I", 192_000), id="rate too high"),
        pytest.param(b"RIFF\0\0\0\0WAVE" + b"junk\0\0\0\0" * 100_000, id="endless chunks"),
    ],
)
def test_what_is_no_readable_recording_is_refused_with_advice(data: bytes) -> None:
    with pytest.raises(NotSound, match="record again") as refusal:
        read_wav(data)
    assert refusal.value.code == "not-sound"


def test_an_hour_is_refused_and_three_minutes_are_not() -> None:
    longest = bytes(VOICE_SECONDS_MAX * 8_000)
    assert read_wav(wav_file(longest, sample_bytes=1, rate_hz=8_000)).duration_ms == VOICE_SECONDS_MAX * 1_000
    with pytest.raises(RecordingTooLong, match="lasts 3600 s; cut it") as refusal:
        read_wav(wav_file(bytes(20 * len(longest)), sample_bytes=1, rate_hz=8_000))
    assert refusal.value.code == "recording-too-long"


@given(st.binary(max_size=200))
def test_random_bytes_are_refused_as_no_sound(data: bytes) -> None:
    with pytest.raises(NotSound):
        read_wav(data)


@given(st.data())
def test_a_damaged_header_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(wav_file(bytes(64)))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, HEADER_BYTES - 1))] = data.draw(st.integers(0, 255))
    try:
        assert len(read_wav(bytes(damaged)).samples) <= 72
    except NotSound:
        event("refused")
