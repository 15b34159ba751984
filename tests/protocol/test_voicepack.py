import json
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol import limits
from protocol.codec2pack import CODEC2_FRAME_BYTES
from protocol.errors import MalformedVoice, TooLarge
from protocol.voicepack import VERSION, VoiceCodec, VoiceNote, pack_voice, unpack_voice

TESTS = Path(__file__).parent.parent
VECTORS = json.loads((TESTS / "vectors" / "voicepack.json").read_text(encoding="utf-8"))
VALID_VECTORS = [vector for vector in VECTORS if "frames_hex" in vector]
FAULTY_VECTORS = [vector for vector in VECTORS if "error" in vector]

OPUS = [VoiceCodec.OPUS_NARROWBAND_60MS, VoiceCodec.OPUS_WIDEBAND_60MS]

codec2_frames = st.lists(st.binary(min_size=CODEC2_FRAME_BYTES, max_size=CODEC2_FRAME_BYTES), max_size=40)
opus_packets = st.lists(st.binary(max_size=300), max_size=20)


def codec2_note(frames: list[bytes]) -> VoiceNote:
    return VoiceNote(codec=VoiceCodec.CODEC2_2400, frames=tuple(frames))


def recorded_frames(name: str) -> list[bytes]:
    """A LibriVox reading through the thin chain: tilt, 200 Hz high-pass, peak normalised, Codec2 2400."""
    numpy = pytest.importorskip("numpy")
    pycodec2 = pytest.importorskip("pycodec2")
    with wave.open(str(TESTS / "data" / name)) as recording:
        rate_hz = recording.getframerate()
        samples = numpy.frombuffer(recording.readframes(recording.getnframes()), numpy.int16).astype(float)
    spectrum = numpy.fft.rfft(samples)
    spectrum[: int(200 * len(samples) / rate_hz)] = 0
    length = len(samples) * 8_000 // rate_hz
    samples = numpy.fft.irfft(spectrum[: length // 2 + 1], length)
    samples[1:] -= 0.5 * samples[:-1].copy()
    samples = (samples / abs(samples).max() * 29_000).astype(numpy.int16)
    codec2 = pycodec2.Codec2(2400)
    starts = range(0, length - 159, 160)
    return [bytes(codec2.encode(samples[start : start + 160])) for start in starts]


def test_a_recorded_voice_comes_back_and_loses_a_third_of_its_bytes() -> None:
    note = codec2_note(recorded_frames("librivox_austen_0870_8k.wav"))
    packed = pack_voice(note)
    assert note.duration_ms > 7_000
    assert unpack_voice(packed) == note
    assert len(packed) <= 0.64 * CODEC2_FRAME_BYTES * len(note.frames)


def test_twelve_seconds_of_a_recorded_voice_keep_the_rate_of_the_thin_target() -> None:
    frames = recorded_frames("librivox_austen_0870_8k.wav") + recorded_frames("librivox_austen_0890_16k.wav")
    note = codec2_note(frames)
    assert note.duration_ms > 12_000
    # 1.8 kB for 10 s; the coder learns as it goes, so a longer note only does better.
    assert len(pack_voice(note)) * 10_000 / note.duration_ms <= 1_800


@settings(max_examples=40, deadline=None)
@given(codec2_frames)
def test_any_codec2_frames_come_back(frames: list[bytes]) -> None:
    assert unpack_voice(pack_voice(codec2_note(frames))) == codec2_note(frames)


def test_frames_without_any_order_grow_by_less_than_a_tenth() -> None:
    state = 1
    frames = []
    for _ in range(300):
        state = state * 6_364_136_223_846_793_005 % 2**64 + 1_442_695_040_888_963_407
        frames.append((state >> 16 & (2**48 - 1)).to_bytes(CODEC2_FRAME_BYTES, "big"))
    packed = pack_voice(codec2_note(frames))
    assert unpack_voice(packed) == codec2_note(frames)
    assert len(packed) <= 1.1 * CODEC2_FRAME_BYTES * len(frames)


@given(opus_packets, st.sampled_from(OPUS))
def test_any_opus_packets_come_back(packets: list[bytes], codec: VoiceCodec) -> None:
    note = VoiceNote(codec=codec, frames=tuple(packets))
    assert unpack_voice(pack_voice(note)) == note


@pytest.mark.parametrize("size_bytes", [0, 1, 254, 255, 256, 1_275, 60_000])
def test_opus_packets_of_any_length_come_back(size_bytes: int) -> None:
    note = VoiceNote(codec=OPUS[0], frames=(b"\x0b" * size_bytes, b"\x0c" * size_bytes))
    assert unpack_voice(pack_voice(note)) == note


def test_opus_packets_of_one_mode_cost_nothing_but_the_head() -> None:
    packets = tuple(bytes([0x38]) + bytes([index]) * 59 for index in range(50))
    packed = pack_voice(VoiceNote(codec=OPUS[0], frames=packets))
    # Each packet's length takes the place of its shared first byte; the mark and that byte come once.
    assert len(packed) == 4 + 2 + sum(map(len, packets))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_are_a_note_in_its_only_form(data: bytes) -> None:
    check_refused_or_only_form(data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VoiceCodec), st.integers(0, 30), st.binary(max_size=200))
def test_any_payload_is_refused_or_in_its_only_form(codec: VoiceCodec, count: int, payload: bytes) -> None:
    check_refused_or_only_form(bytes([VERSION, codec, 0, count]) + payload)


def check_refused_or_only_form(data: bytes) -> None:
    try:
        note = unpack_voice(data)
    except MalformedVoice:
        return
    assert pack_voice(note) == data


def test_a_flipped_bit_is_refused_or_gives_another_note_of_the_same_length() -> None:
    frames = [bytes.fromhex(frame) for frame in VALID_VECTORS[0]["frames_hex"]]
    note = codec2_note(frames)
    packed = pack_voice(note)
    for place in range(32, len(packed) * 8, 401):
        damaged = bytearray(packed)
        damaged[place // 8] ^= 1 << place % 8
        try:
            other = unpack_voice(bytes(damaged))
        except MalformedVoice:
            continue
        assert other != note
        assert len(other.frames) == len(frames)


def test_a_note_longer_than_three_minutes_is_refused() -> None:
    frame = b"\0" * CODEC2_FRAME_BYTES
    with pytest.raises(TooLarge):
        pack_voice(codec2_note([frame] * (limits.CODEC2_FRAMES_MAX + 1)))
    with pytest.raises(TooLarge):
        pack_voice(VoiceNote(codec=OPUS[1], frames=(b"",) * (limits.OPUS_PACKETS_MAX + 1)))


def test_a_claim_of_more_frames_than_allowed_is_refused_before_decoding() -> None:
    count = (limits.CODEC2_FRAMES_MAX + 1).to_bytes(2, "big")
    with pytest.raises(MalformedVoice, match="claims"):
        unpack_voice(bytes([VERSION, VoiceCodec.CODEC2_2400]) + count)


def test_more_sound_than_a_message_holds_is_refused() -> None:
    packet = bytes(60_000)
    with pytest.raises(TooLarge):
        pack_voice(VoiceNote(codec=OPUS[1], frames=(packet,) * 7))
    with pytest.raises(MalformedVoice):
        unpack_voice(bytes(limits.VOICE_PACKED_BYTES_MAX + 1))


@pytest.mark.parametrize("frame", [b"", b"\0" * 5, b"\0" * 7])
def test_a_codec2_frame_of_another_size_is_refused(frame: bytes) -> None:
    with pytest.raises(MalformedVoice):
        pack_voice(codec2_note([frame]))


def test_duration_follows_from_codec_and_frames() -> None:
    assert codec2_note([b"\0" * CODEC2_FRAME_BYTES] * 50).duration_ms == 1_000
    assert VoiceNote(codec=OPUS[0], frames=(b"",) * 10).duration_ms == 600
    assert [codec.sample_rate_hz for codec in VoiceCodec] == [8_000, 8_000, 16_000]


@pytest.mark.parametrize("vector", VALID_VECTORS, ids=lambda vector: str(vector["name"]))
def test_vector_packs_and_unpacks(vector: dict[str, object]) -> None:
    frames_hex = vector["frames_hex"]
    assert isinstance(frames_hex, list)
    note = VoiceNote(
        codec=VoiceCodec[str(vector["codec"])], frames=tuple(bytes.fromhex(frame) for frame in frames_hex)
    )
    assert pack_voice(note).hex() == vector["packed_hex"]
    assert unpack_voice(bytes.fromhex(str(vector["packed_hex"]))) == note


@pytest.mark.parametrize("vector", FAULTY_VECTORS, ids=lambda vector: str(vector["name"]))
def test_faulty_vector_is_refused(vector: dict[str, str]) -> None:
    assert vector["error"] == MalformedVoice.code
    with pytest.raises(MalformedVoice):
        unpack_voice(bytes.fromhex(vector["packed_hex"]))
