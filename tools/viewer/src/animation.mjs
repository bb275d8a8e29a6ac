// Frames. Numbers in comments are sections of spec/kmq.md.

import * as container from "./container.mjs";

/**
 * The frames of a file, of which one is held. Has what a decoded picture has but indices, and
 * `loop`, which is how often all frames are shown: 0 is for ever.
 */
export class Animation {
  #head;
  #payloads;
  #source; // its bytes grow while the file arrives
  #bands = [];
  #frame = -1;
  #indices;

  constructor(head, payloads, source) {
    this.#head = head;
    this.#payloads = payloads;
    this.#source = source;
    Object.assign(this, head.picture, { loop: head.animation.loop });
  }

  /** How long a frame is shown. */
  seconds(frame) {
    const { ticks, ticksPerSecond } = this.#head.animation;
    return ticks[frame] / ticksPerSecond;
  }

  /** How many frames are there, of a file that still arrives. */
  get arrived() {
    const { offsets } = this.#head;
    let [low, high] = [0, this.frameCount];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (offsets[middle] <= this.#source.length) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Goes to a frame, from the one held or from the nearest key frame, whichever is nearer. Returns
   * its indices, which change with the next call. Throws a KmqError, and then holds no frame.
   */
  seek(frame) {
    const isThere = Number.isInteger(frame) && frame >= 0 && frame < this.arrived;
    if (!isThere) throw new RangeError(`no frame ${frame} of ${this.arrived}`);
    const { keyInterval } = this.#head.animation;
    let next = frame - (frame % keyInterval);
    if (next <= this.#frame && this.#frame <= frame) next = this.#frame + 1;
    this.#indices ??= this.#head.makeIndices(this.height);
    while (next <= frame) {
      this.#frame = -1;
      this.#decode(next, next % keyInterval === 0);
      this.#frame = next++;
    }
    return this.#indices;
  }

  /** 6.5 */
  #decode(frame, isKey) {
    const { header, animation, offsets } = this.#head;
    if (header.colorCount === 1) return; // all are 0
    if (!isKey && offsets[frame] === offsets[frame + 1]) return;
    const { bandCount, bandRows, width } = header;
    const lengths = animation.lengths.subarray(frame * bandCount, (frame + 1) * bandCount);
    const payloads = container.readFrame(this.#source.bytes, offsets[frame], lengths);
    payloads.forEach((payload, band) => {
      if (!isKey && !payload.bytes.length) return;
      const first = band * bandRows * width;
      if (header.coding === container.MODELLED) this.#decodeModelled(payload, band, isKey, first);
      else this.#head.decodeBand(this.#payloads, payload, band, this.#indices, first);
    });
  }

  /** 6.5.2 */
  #decodeModelled(payload, band, isKey, first) {
    const { header } = this.#head;
    const rows = container.rowsOf(header, band);
    this.#bands[band] ??= this.#payloads.keepBand(header, rows);
    const kept = this.#bands[band];
    const codes = this.#payloads.decodeFrame(payload, header, rows, isKey, kept);
    this.#head.putCodes(codes, this.#indices, first);
  }
}
