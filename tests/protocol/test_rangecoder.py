import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.mixing import STRETCH_MAX, learn, mix, squash_table, stretch_table
from protocol.rangecoder import PROBABILITY_MAX, PROBABILITY_ONE, BitDecoder, BitEncoder

coded_bits = st.lists(st.tuples(st.integers(1, PROBABILITY_MAX), st.integers(0, 1)), max_size=400)

DOCUMENTED_SQUASH = [2, 1182, 32768, 47894, 64354, 65534]
DOCUMENTED_STRETCH = [-2341, -2036, -943, 0, 1, 2308]


def encode(bits: list[tuple[int, int]]) -> bytes:
    coder = BitEncoder()
    for chance, bit in bits:
        assert coder.code(chance, bit) == bit
    return coder.finish()


def decode(data: bytes, chances: list[int]) -> tuple[list[int], BitDecoder]:
    decoder = BitDecoder(data)
    return [decoder.code(chance) for chance in chances], decoder


@given(coded_bits)
def test_decoder_returns_the_bits_and_sees_the_clean_end(bits: list[tuple[int, int]]) -> None:
    decoded, decoder = decode(encode(bits), [chance for chance, _ in bits])
    assert decoded == [bit for _, bit in bits]
    assert not decoder.ran_dry
    assert decoder.ends_cleanly()


@given(coded_bits, st.binary(min_size=1, max_size=3))
def test_bytes_behind_the_end_are_noticed(bits: list[tuple[int, int]], surplus: bytes) -> None:
    _, decoder = decode(encode(bits) + surplus, [chance for chance, _ in bits])
    assert not decoder.ends_cleanly()


@given(coded_bits.filter(lambda bits: len(encode(bits)) > 0))
def test_without_the_last_byte_other_bits_come_or_the_end_is_not_clean(bits: list[tuple[int, int]]) -> None:
    decoded, decoder = decode(encode(bits)[:-1], [chance for chance, _ in bits])
    assert decoded != [bit for _, bit in bits] or not decoder.ends_cleanly()


def test_a_decoder_without_bytes_runs_dry() -> None:
    _, decoder = decode(b"", [PROBABILITY_ONE // 2] * 64)
    assert decoder.ran_dry


@pytest.mark.parametrize("chance", [655, 20_000, 32_768, 64_881])
def test_cost_is_within_two_bytes_of_the_entropy(chance: int) -> None:
    bits = [(chance, int(index * 40_503 % PROBABILITY_ONE < chance)) for index in range(4_000)]
    entropy_bits = sum(
        -math.log2((chance if bit else PROBABILITY_ONE - chance) / PROBABILITY_ONE) for _, bit in bits
    )
    assert len(encode(bits)) <= entropy_bits / 8 + 2


def test_nothing_coded_takes_the_one_byte_of_the_ending() -> None:
    assert encode([]) == b"\0"


def test_squash_is_the_logistic_function_to_one_part_in_three_thousand() -> None:
    for index, chance in enumerate(squash_table()):
        exact = PROBABILITY_ONE / (1 + math.exp(-(index - STRETCH_MAX) / 256))
        assert abs(chance - exact) < 20


def test_squash_is_symmetric_and_leaves_both_bits_possible() -> None:
    table = squash_table()
    assert all(low + high == PROBABILITY_ONE for low, high in zip(table, reversed(table), strict=True))
    assert min(table) >= 1


def test_stretch_undoes_squash() -> None:
    squash = squash_table()
    for quarter, stretch in enumerate(stretch_table()):
        assert squash[stretch + STRETCH_MAX] >= 16 * quarter + 8 > squash[stretch + STRETCH_MAX - 1]


def test_tables_hold_the_values_the_document_gives() -> None:
    squash, stretch = squash_table(), stretch_table()
    assert [squash[x + STRETCH_MAX] for x in (-2815, -1024, 0, 256, 1024, 2815)] == DOCUMENTED_SQUASH
    assert [stretch[q] for q in (0, 1, 100, 2047, 2048, 4095)] == DOCUMENTED_STRETCH


def test_weights_learn_which_opinion_is_right() -> None:
    weights = [20_000, 20_000]
    opinions = [800, -800]
    assert mix(weights, opinions) == PROBABILITY_ONE // 2
    for _ in range(50):
        learn(weights, opinions, PROBABILITY_ONE - mix(weights, opinions), 6)
    assert weights[0] > weights[1]
    assert mix(weights, opinions) > 0.8 * PROBABILITY_ONE
