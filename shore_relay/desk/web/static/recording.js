// Sound as the desk takes it: 16 kHz, one channel, a WAV of 16 bits. All of it stays in memory.

const RATE_HZ = 16_000;

/** What the microphone gave, at the rate of this computer's sound card. */
export async function fromSamples(blocks, rateHz) {
  const size = blocks.reduce((sum, block) => sum + block.length, 0);
  const context = new OfflineAudioContext(1, Math.max(1, Math.ceil((size * RATE_HZ) / rateHz)), RATE_HZ);
  const buffer = context.createBuffer(1, Math.max(1, size), rateHz);
  let at = 0;
  for (const block of blocks) {
    buffer.copyToChannel(block, 0, at);
    at += block.length;
  }
  const source = new AudioBufferSourceNode(context, { buffer });
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

/** What another recorder wrote, in any form that this browser reads; throws a DOMException for others. */
export async function fromFile(file) {
  const buffer = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await file.arrayBuffer());
  const mixed = new Float32Array(buffer.length);
  for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
    buffer.getChannelData(channel).forEach((sample, at) => (mixed[at] += sample / buffer.numberOfChannels));
  }
  return mixed;
}

/** Samples from -1 to 1 as a WAV file. */
export function wavOf(samples) {
  const view = new DataView(new ArrayBuffer(44 + samples.length * 2));
  const write = (at, text) => [...text].forEach((letter, place) => view.setUint8(at + place, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + samples.length * 2, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE_HZ, true);
  view.setUint32(28, RATE_HZ * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, samples.length * 2, true);
  samples.forEach((sample, at) => view.setInt16(44 + at * 2, Math.max(-1, Math.min(1, sample)) * 32_767, true));
  return new Blob([view.buffer], { type: "audio/wav" });
}
