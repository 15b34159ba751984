// Plays Opus where the browser has no AudioDecoder; only the plain decoder, without its worker.
export { OpusDecoder } from "opus-decoder";
