// @ts-check
/**
 * How a Codec2 frame's pitch and energy follow from those before: protocol/pitchenergy.py, bit for bit.
 *
 * Each frame lets pitch and energy decay and adds one of 256 steps, which stand in no order. What each step adds
 * is a fact of the format, measured at Codec2's decoder and rounded.
 */

const STEPS = 256;
const ZERO = 128;

/** For each step, what it adds to the pitch, in 32nds of an octave, plus 128. */
const PITCH_STEPS = stepsOf(
  "d781844da6868b51b16f9265c8859449a07d7c49b5849186a96b8c68bb8a9473b98386469e8a8d7e9c689f5ad4868d3b" +
  "b17b7b53b2868c7e93778f60cb8ba158cc7d8739a9888e5cd472905cb98591689e75863cab808d9895718969b2899070" +
  "a6818b3698888977b8679754cc88904da57c7852a0888d898d75915bbd8b9a70c8808146a3848c41bf698f61d0839159" +
  "9979804eb0838f8ea26d8e62c0899766b5828941a48b8b6fa06d9960da888e42ae797e4ba9848a818f748d65c38c9c61" +
  "c07f8543ae86905ec0768e58c1868f5da7788244a9828e8f9d6f8b6eb6879378ad7f8a3e9d89876cab61934ec5898e52" +
  "ab807259a3868e85896f9455ba8d9768",
);

/** For each step, what it adds to the energy, in halves of a decibel, plus 128. */
const ENERGY_STEPS = stepsOf(
  "987b917e7c7971beb78b8f7c918583aca3839d5779767ccaad7c8d7689817cb29a809471897868d2c8818f86798782a4" +
  "91788c796b6c80b1a372946379857a90a77b8d83847e72d3be85897a918086a598819d617c5f7abeb17f8d67888276a4" +
  "9c839275847a6ac1d1868b83838981918c68956e66737fb69f6599607488789a9b7a907f807b75cdb18d8e7b8e8782ae" +
  "9e83a46079777cd1b7788f7183857cb2a67f927a857b64cfd68391828485859898799476676f7ebeab7997597c847d94" +
  "a37e8b8a817e6cc2c189897d938385a0937d9b60766578bdab7b8b5d828275a5a2899973827c60bfc58b89878988829c" +
  "8c71917272747eaea67196577c887098",
);

/** The pitch and the energy kept are this many times finer than the steps. */
const FINE = 8;

/** How far the pitch tends to jump, in 32nds of an octave, for each voicing of the frame. */
const PITCH_SPREADS = [36, 72, 72, 1];

/** How far the energy tends to jump, in halves of a decibel. */
const ENERGY_SPREAD = 13;

const PEAK = 4096;

/** What every step weighs at least: surprises happen. */
const FLOOR = 100000;

/** No step less the decay of what is kept is as far from zero as this. */
const REACH = 256;

const PITCH_BELLS = PITCH_SPREADS.map(bell);
const ENERGY_BELL = bell(ENERGY_SPREAD);

/** @param {string} hex */
function stepsOf(hex) {
  return Array.from({ length: STEPS }, (_, step) => Number.parseInt(hex.slice(2 * step, 2 * step + 2), 16) - ZERO);
}

/**
 * The weight of each distance from -REACH on: PEAK at zero, half of it at `spread`.
 * @param {number} spread
 */
function bell(spread) {
  const square = spread * spread;
  return Array.from({ length: 2 * REACH + 1 }, (_, place) =>
    Math.floor((PEAK * square) / (square + (place - REACH) ** 2)),
  );
}

/** Follows pitch and energy, and weighs the steps that may come next. */
export class PitchEnergy {
  constructor() {
    /** Octaves above 50 Hz, in 256ths. */
    this.pitch = 0;
    /** Decibels, in 16ths. */
    this.energy = 0;
    /** Sums reach 2**33, so these are doubles. */
    this.weights = new Float64Array(2 * STEPS);
  }

  /** The energy in classes of 5 dB, 0 to 11. */
  get loudness() {
    return Math.min(11, Math.max(0, Math.floor((this.energy + 160) / 80)));
  }

  /** The pitch in classes of a quarter octave, 0 to 15. */
  get height() {
    return Math.min(15, Math.max(0, Math.floor((this.pitch + 128) / 64)));
  }

  /**
   * Take the step of a frame, 0 to 255.
   * @param {number} step
   */
  follow(step) {
    this.pitch = Math.floor((this.pitch * 4) / 5) + PITCH_STEPS[step] * FINE;
    this.energy = Math.floor((this.energy * 9) / 10) + ENERGY_STEPS[step] * FINE;
  }

  /**
   * Return weights for a walk through the step's bits, for a frame of this voicing: entry 256 + step is the step's
   * weight, entry k from 1 on the sum of entries 2k and 2k + 1. They hold until the next call.
   * @param {number} voicing
   */
  weigh(voicing) {
    const { pitch, energy, weights } = this;
    const pitchBell = PITCH_BELLS[voicing];
    // The step that would leave all as it is makes up for the decay.
    const pitchFrom = REACH - Math.floor((pitch - Math.floor((pitch * 4) / 5)) / FINE);
    const energyFrom = REACH - Math.floor((energy - Math.floor((energy * 9) / 10)) / FINE);
    for (let step = 0; step < STEPS; step += 1) {
      const ofPitch = pitchBell[PITCH_STEPS[step] + pitchFrom];
      weights[STEPS + step] = ofPitch * ENERGY_BELL[ENERGY_STEPS[step] + energyFrom] + FLOOR;
    }
    for (let node = STEPS - 1; node > 0; node -= 1) weights[node] = weights[2 * node] + weights[2 * node + 1];
    return weights;
  }
}
