"""The pitch and the energy that packed Codec2 frames lead to, whatever steps a stranger makes them take.

Invariant: after any steps the classes of pitch and energy stay within their bounds, and the 256 steps
that may come next have weights that are positive and add up, node by node.
"""

from collections.abc import Iterator

from protocol.pitchenergy import PitchEnergy
from tests.fuzz.seeds import vectors
from tests.fuzz.target import Target

_STEPS = 256


def check(data: bytes) -> None:
    """Follow each byte as a step, then weigh what may come next."""
    followed = PitchEnergy()
    for step in data[1:]:
        followed.follow(step)
        assert 0 <= followed.loudness <= 11
        assert 0 <= followed.height <= 15
    weights = followed.weigh(data[0] % 4 if data else 0)
    assert len(weights) == 2 * _STEPS
    assert min(weights[1:]) > 0
    assert weights[1] == sum(weights[_STEPS:])


def seeds() -> Iterator[bytes]:
    """Give what the vectors' frames do, and the longest ways up and down."""
    for entry in vectors("voicepack"):
        yield b"".join(bytes.fromhex(frame)[:2] for frame in entry.get("frames_hex", ())[:24])
    for step in range(0, _STEPS, 17):
        yield bytes([step]) * 40


TARGET = Target(check=check, seeds=seeds, largest_bytes=48)
