"""The entropy coder under both packers, with any chances at all.

Invariant: bits that were coded with some chances come out again with the same chances, and the decoder
then says that it ends cleanly; and any bytes that a decoder says end cleanly are exactly what an encoder
makes of those bits.
"""

from collections.abc import Iterator

from protocol.mixing import STRETCH_MAX, learn, mix
from protocol.rangecoder import PROBABILITY_MAX, BitDecoder, BitEncoder
from tests.fuzz.seeds import hexadecimal
from tests.fuzz.target import Target, halves

_RATE = 6


def check(data: bytes) -> None:
    """Take one part of the input for the bytes of a stream, the other for chances."""
    stream, chances = halves(data[1:], data[0] if data else 0)
    probabilities = [
        1 + int.from_bytes(chances[at : at + 2]) % PROBABILITY_MAX for at in range(0, len(chances), 2)
    ]
    _check_decoding(stream, probabilities)
    _check_encoding(stream, probabilities)
    _check_mixing(stream, probabilities)


def _check_decoding(stream: bytes, probabilities: list[int]) -> None:
    decoder, encoder = BitDecoder(stream), BitEncoder()
    for probability in probabilities:
        encoder.code(probability, decoder.code(probability))
        if decoder.ran_dry:
            assert not decoder.ends_cleanly()
            return
    assert decoder.ends_cleanly() == (encoder.finish() == stream)


def _check_encoding(bits: bytes, probabilities: list[int]) -> None:
    coded = [(probability, int.from_bytes(bits) >> at & 1) for at, probability in enumerate(probabilities)]
    encoder = BitEncoder()
    for probability, bit in coded:
        encoder.code(probability, bit)
    decoder = BitDecoder(encoder.finish())
    assert [decoder.code(probability) for probability, _ in coded] == [bit for _, bit in coded]
    assert decoder.ends_cleanly()


def _check_mixing(stream: bytes, probabilities: list[int]) -> None:
    weights = [probability - PROBABILITY_MAX // 2 for probability in probabilities]
    opinions = [byte * STRETCH_MAX // 128 - STRETCH_MAX for byte in stream[: len(weights)]]
    weights = weights[: len(opinions)]
    chance = mix(weights, opinions)
    assert 1 <= chance <= PROBABILITY_MAX
    learn(weights, opinions, -chance, _RATE)
    assert 1 <= mix(weights, opinions) <= PROBABILITY_MAX


def seeds() -> Iterator[bytes]:
    """Give the beginnings of packed texts and voices."""
    for packed in (*hexadecimal("textpack", "packed_hex"), *hexadecimal("voicepack", "packed_hex")):
        yield bytes([16]) + packed[:_LARGEST_BYTES]


_LARGEST_BYTES = 48
TARGET = Target(check=check, seeds=seeds, largest_bytes=_LARGEST_BYTES)
