// @ts-check
/** Packs Codec2 frames, which takes seconds on a cheap phone, beside the page, and ends. */

import { VoiceCodec, packVoice } from "../protocol/voicepack.js";

onmessage = async ({ data }) => {
  postMessage(await packVoice({ codec: VoiceCodec.CODEC2_2400, frames: data }));
};
