/** Types for editors; nothing loads this file. */
export class OpusDecoder {
  constructor(options: {
    channels: number;
    streamCount: number;
    coupledStreamCount: number;
    channelMappingTable: number[];
  });
  ready: Promise<void>;
  decodeFrames(packets: Uint8Array[]): {
    channelData: Float32Array[];
    samplesDecoded: number;
    errors: unknown[];
  };
  free(): void;
}
