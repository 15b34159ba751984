import numpy as np
import pytest

from protocol.speech.denoise import CHUNK_SAMPLES, RATE_HZ, Denoised, denoise
from protocol.speech.resample import resample
from protocol.speech.sound import Sound
from protocol.speech.trim import MARGIN_CHUNKS, keep_voice
from tests.protocol.speech.conftest import AddNoise
from tests.protocol.speech.intelligibility import Floats, intelligibility


def levels(sound: Sound) -> Floats:
    chunks = sound.samples[: len(sound.samples) // CHUNK_SAMPLES * CHUNK_SAMPLES].reshape(-1, CHUNK_SAMPLES)
    result: Floats = np.sqrt(np.mean(chunks.astype(np.float64) ** 2, axis=1))
    return result


def between_silences(sound: Sound, silence_seconds: int) -> Sound:
    hiss = np.random.default_rng(3).standard_normal(silence_seconds * sound.rate_hz).astype(np.float32) * 2e-4
    return Sound(samples=np.concatenate([hiss, sound.samples, hiss]), rate_hz=sound.rate_hz)


def test_engine_noise_in_pauses_is_more_than_halved_against_speech(
    speech: Sound, with_engine: AddNoise
) -> None:
    noisy = resample(with_engine(speech, 10), RATE_HZ)
    clean_levels = levels(resample(speech, RATE_HZ))
    is_pause = clean_levels < np.quantile(clean_levels, 0.1)
    is_loud = clean_levels > np.quantile(clean_levels, 0.8)

    def pause_share(sound: Sound) -> float:
        level = levels(sound)
        return float(level[is_pause].mean() / level[is_loud].mean())

    assert pause_share(denoise(noisy).sound) < pause_share(noisy) / 2


def test_denoising_leaves_clean_speech_as_it_is(speech: Sound) -> None:
    assert intelligibility(speech, denoise(speech).sound) > 0.95


def test_denoising_gives_the_same_answer_every_time(wide_speech: Sound) -> None:
    first, second = denoise(wide_speech), denoise(wide_speech)
    np.testing.assert_array_equal(first.sound.samples, second.sound.samples)
    np.testing.assert_array_equal(first.is_voice, second.is_voice)


def test_a_quiet_recording_is_heard_like_a_loud_one(wide_speech: Sound) -> None:
    quiet = Sound(samples=wide_speech.samples * np.float32(0.02), rate_hz=wide_speech.rate_hz)
    agreement = np.mean(denoise(quiet).is_voice == denoise(wide_speech).is_voice)
    assert agreement > 0.97


def test_silence_around_speech_is_left_out(speech: Sound) -> None:
    kept = keep_voice(denoise(between_silences(speech, 4)))
    assert kept.duration_ms < speech.duration_ms + 2 * MARGIN_CHUNKS * 10 + 100


@pytest.mark.parametrize("below_db", [60, 20, 10, 5])
def test_trimming_keeps_every_chunk_of_speech(speech: Sound, with_engine: AddNoise, below_db: int) -> None:
    original = resample(between_silences(speech, 2), RATE_HZ)
    denoised = denoise(with_engine(original, below_db))
    clean_levels = levels(original)
    is_speech = clean_levels > 0.1 * np.quantile(clean_levels, 0.99)
    near_voice = np.convolve(denoised.is_voice, np.ones(2 * MARGIN_CHUNKS + 1), "same") > 0.5
    assert np.mean(near_voice[: len(is_speech)][is_speech]) > 0.995
    assert keep_voice(denoised).duration_ms == np.sum(near_voice) * 10


def test_a_long_pause_is_shortened_and_a_natural_one_is_kept(narrow_speech: Sound) -> None:
    def seconds_kept(pause_seconds: float) -> float:
        hiss = np.random.default_rng(3).standard_normal(int(pause_seconds * narrow_speech.rate_hz)) * 2e-4
        samples = np.concatenate([narrow_speech.samples, hiss, narrow_speech.samples]).astype(np.float32)
        return keep_voice(denoise(Sound(samples=samples, rate_hz=narrow_speech.rate_hz))).duration_ms / 1_000

    together = seconds_kept(0)
    assert seconds_kept(0.25) == pytest.approx(together + 0.25, abs=0.06)
    assert seconds_kept(5) < together + 0.6


def test_a_sound_without_a_voice_is_kept_whole() -> None:
    whisper = Sound(samples=np.full(2 * RATE_HZ, 0.01, np.float32), rate_hz=RATE_HZ)
    denoised = Denoised(sound=whisper, is_voice=np.zeros(200, np.bool_))
    assert keep_voice(denoised).duration_ms == 2_000


def test_a_short_word_in_a_long_silence_is_kept_with_its_margins() -> None:
    is_voice = np.zeros(200, np.bool_)
    is_voice[[5, 100]] = True
    silence = Sound(samples=np.arange(2 * RATE_HZ, dtype=np.float32), rate_hz=RATE_HZ)
    kept = keep_voice(Denoised(sound=silence, is_voice=is_voice))
    first, second = 5 + MARGIN_CHUNKS + 1, 2 * MARGIN_CHUNKS + 1
    assert len(kept.samples) == (first + second) * CHUNK_SAMPLES
    assert kept.samples[first * CHUNK_SAMPLES] == (100 - MARGIN_CHUNKS) * CHUNK_SAMPLES


def test_resampling_keeps_a_tone_and_lets_no_alias_through() -> None:
    time = np.arange(44_100) / 44_100
    for frequency, level in ((1_000, 0.35), (7_000, 0.0)):
        tone = Sound(samples=(0.5 * np.sin(2 * np.pi * frequency * time)).astype(np.float32), rate_hz=44_100)
        narrow = resample(tone, 8_000)
        assert len(narrow.samples) == 8_000
        assert float(np.std(narrow.samples[400:-400])) == pytest.approx(level, abs=0.005)
