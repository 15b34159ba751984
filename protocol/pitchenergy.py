"""How a Codec2 frame's pitch and energy follow from those before: the chances of its 256 joint steps.

Codec2 2400 keeps a pitch and an energy. Each frame lets them decay, by a fifth and by a tenth, and adds
one of 256 steps; the steps stand in no order, so that a step by itself says little to a model. What each
step adds is a fact of the format, without which no step can be played: it was measured at Codec2's
decoder and rounded. `docs/coders.md` has the same numbers.
"""

from functools import cache

_STEPS = 256

_PITCH_STEPS_HEX = (
    "d781844da6868b51b16f9265c8859449a07d7c49b5849186a96b8c68bb8a9473b98386469e8a8d7e9c689f5ad4868d3b"
    "b17b7b53b2868c7e93778f60cb8ba158cc7d8739a9888e5cd472905cb98591689e75863cab808d9895718969b2899070"
    "a6818b3698888977b8679754cc88904da57c7852a0888d898d75915bbd8b9a70c8808146a3848c41bf698f61d0839159"
    "9979804eb0838f8ea26d8e62c0899766b5828941a48b8b6fa06d9960da888e42ae797e4ba9848a818f748d65c38c9c61"
    "c07f8543ae86905ec0768e58c1868f5da7788244a9828e8f9d6f8b6eb6879378ad7f8a3e9d89876cab61934ec5898e52"
    "ab807259a3868e85896f9455ba8d9768"
)
"""For each step, what it adds to the pitch, in 32nds of an octave, plus 128."""

_ENERGY_STEPS_HEX = (
    "987b917e7c7971beb78b8f7c918583aca3839d5779767ccaad7c8d7689817cb29a809471897868d2c8818f86798782a4"
    "91788c796b6c80b1a372946379857a90a77b8d83847e72d3be85897a918086a598819d617c5f7abeb17f8d67888276a4"
    "9c839275847a6ac1d1868b83838981918c68956e66737fb69f6599607488789a9b7a907f807b75cdb18d8e7b8e8782ae"
    "9e83a46079777cd1b7788f7183857cb2a67f927a857b64cfd68391828485859898799476676f7ebeab7997597c847d94"
    "a37e8b8a817e6cc2c189897d938385a0937d9b60766578bdab7b8b5d828275a5a2899973827c60bfc58b89878988829c"
    "8c71917272747eaea67196577c887098"
)
"""For each step, what it adds to the energy, in halves of a decibel, plus 128."""

_ZERO = 128
_FINE = 8
"""The pitch and the energy kept are this many times finer than the steps."""

_PITCH_SPREADS = (36, 72, 72, 1)
"""How far the pitch tends to jump, in 32nds of an octave, for each voicing of the frame."""

_ENERGY_SPREAD = 13
"""How far the energy tends to jump, in halves of a decibel."""

_PEAK = 4_096
_FLOOR = 100_000
"""What every step weighs at least: surprises happen."""

_REACH = 256
"""No step less the decay of what is kept is as far from zero as this."""


@cache
def _steps() -> tuple[tuple[int, int], ...]:
    """Return what each step adds to pitch and energy."""
    pitches = bytes.fromhex(_PITCH_STEPS_HEX)
    energies = bytes.fromhex(_ENERGY_STEPS_HEX)
    return tuple((pitch - _ZERO, energy - _ZERO) for pitch, energy in zip(pitches, energies, strict=True))


@cache
def _bell(spread: int) -> tuple[int, ...]:
    """Return the weight of each distance from -_REACH on: _PEAK at zero, half of it at `spread`."""
    square = spread * spread
    return tuple(_PEAK * square // (square + distance * distance) for distance in range(-_REACH, _REACH + 1))


class PitchEnergy:
    """Follows pitch and energy, and weighs the steps that may come next."""

    def __init__(self) -> None:
        self._pitch = 0
        """Octaves above 50 Hz, in 256ths."""
        self._energy = 0
        """Decibels, in 16ths."""

    @property
    def loudness(self) -> int:
        """The energy in classes of 5 dB, 0 to 11."""
        return min(11, max(0, (self._energy + 160) // 80))

    @property
    def height(self) -> int:
        """The pitch in classes of a quarter octave, 0 to 15."""
        return min(15, max(0, (self._pitch + 128) // 64))

    def follow(self, step: int) -> None:
        """Take the step of a frame, 0 to 255."""
        pitch, energy = _steps()[step]
        self._pitch = self._pitch * 4 // 5 + pitch * _FINE
        self._energy = self._energy * 9 // 10 + energy * _FINE

    def weigh(self, voicing: int) -> list[int]:
        """Return weights for a walk through the step's bits, for a frame of this voicing.

        Entry 256 + step is the step's weight: most for steps that leave pitch and energy where they are.
        Entry k, from 1 on, is the sum of entries 2k and 2k + 1.
        """
        pitch_bell = _bell(_PITCH_SPREADS[voicing])
        energy_bell = _bell(_ENERGY_SPREAD)
        # The step that would leave all as it is makes up for the decay.
        pitch_from = _REACH - (self._pitch - self._pitch * 4 // 5) // _FINE
        energy_from = _REACH - (self._energy - self._energy * 9 // 10) // _FINE
        weights = [0] * _STEPS
        weights += [
            pitch_bell[pitch + pitch_from] * energy_bell[energy + energy_from] + _FLOOR
            for pitch, energy in _steps()
        ]
        for node in range(_STEPS - 1, 0, -1):
            weights[node] = weights[2 * node] + weights[2 * node + 1]
        return weights
