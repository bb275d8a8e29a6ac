// A decoder of .kmq files for browsers and Node: the container in JavaScript, payloads by libkmq in
// WebAssembly or, where that is not to be had, in JavaScript too. Numbers in comments are sections
// of spec/kmq.md.
//
//     const codec = await load();
//     const picture = codec.decode(bytes);
//     context.putImageData(new ImageData(toRGBA(picture), picture.width), 0, 0);
//
//     const animation = await codec.open(bytes);
//     for (let frame = 0; frame < animation.frameCount; frame++) {
//       show(toRGBA(animation, animation.seek(frame)), animation.seconds(frame));
//     }
//
//     for await (const { picture, first, indices } of codec.stream(response.body)) {
//       context.putImageData(new ImageData(toRGBA(picture, indices), picture.width), 0, first);
//     }

import { Animation } from "./animation.mjs";
import * as container from "./container.mjs";
import { readHead } from "./head.mjs";
import { compile } from "./memory.mjs";
import { Payloads } from "./payloads.mjs";
import { stream } from "./stream.mjs";

export { KmqError, MODES } from "./container.mjs";

/**
 * Resolves to a Codec.
 *
 * @param {object} [options]
 * @param {URL | string | BufferSource | WebAssembly.Module | null} [options.wasm] libkmq, or where
 *   it is: by default kmq.wasm beside this module. Null is for JavaScript alone.
 * @returns {Promise<Codec>}
 */
export async function load({ wasm = new URL("kmq.wasm", import.meta.url) } = {}) {
  let reason = null;
  if (wasm) {
    try {
      const module = await compile(wasm);
      const instantiate = async () => new Payloads(await WebAssembly.instantiate(module));
      warmUp(await instantiate());
      return new Codec("wasm", null, instantiate, await instantiate());
    } catch (error) {
      reason = error; // there is no WebAssembly, no SIMD, no such file, or a policy forbids it
    }
  }
  const javascript = await import("./javascript.mjs");
  const make = async () => new javascript.Payloads(container.fail);
  return new Codec("javascript", reason, make, await make());
}

/**
 * Decodes noise. Engines make fast code of what has run for a while, but not within a call: slow
 * code would decode the whole of the first band.
 */
function warmUp(payloads) {
  const bytes = Uint8Array.from({ length: 4096 }, (_, i) => 128 | (i * 73));
  const header = { coding: container.MODELLED, colorCount: 64, width: 64 };
  try {
    payloads.decodeBand({ bytes, offset: 0 }, header, 64);
  } catch {
    // as all of it is not read
  }
}

/**
 * Decodes files. `engine` is "wasm" or "javascript", and `reason` the error for which it is not
 * wasm.
 *
 * All `limits` are (8.2): `maxPixels`, and of animations `maxFrames` and `maxTotalPixels`.
 */
class Codec {
  #makePayloads;
  #payloads;

  constructor(engine, reason, makePayloads, payloads) {
    Object.assign(this, { engine, reason });
    this.#makePayloads = makePayloads;
    this.#payloads = payloads;
  }

  /**
   * Decodes a picture, or the first frame of an animation. The result's `palette` has the entries
   * in index order, each of `channels` bytes, `indices` has width * height numbers (a Uint16Array if
   * there are more than 256 colors), `metadata` is a Map of payloads by name, and `frameCount` is 1
   * if it is no animation.
   *
   * @param {Uint8Array} bytes the whole file
   * @throws {KmqError}
   */
  decode(bytes, limits) {
    const head = readHead(checked(bytes), this.#payloads, limits);
    const { header, animation, offsets, reader } = head;
    const bands = []; // 8.3: memory for pixels once all bands are known to be there
    if (animation) {
      checkSize(bytes, offsets.at(-1));
      const lengths = animation.lengths.subarray(0, header.bandCount);
      bands.push(...container.readFrame(bytes, offsets[0], lengths));
    } else {
      for (let band = 0; band < header.bandCount; band++) {
        bands.push(container.readBand(reader, header, band));
      }
      container.checkEnd(reader.offset, bytes.length);
    }
    const indices = head.makeIndices(header.height);
    bands.forEach((payload, band) => {
      const first = band * header.bandRows * header.width;
      head.decodeBand(this.#payloads, payload, band, indices, first);
    });
    return { ...head.picture, indices };
  }

  /**
   * Opens an animation. Its frames are verified when they are come to.
   *
   * @param {Uint8Array} bytes the whole file, which has to stay as it is
   * @returns {Promise<Animation>}
   * @throws {KmqError}
   */
  async open(bytes, limits) {
    const payloads = await this.#makePayloads();
    const head = readHead(checked(bytes), payloads, limits);
    if (!head.animation) throw new TypeError("a picture is decoded, not opened");
    checkSize(bytes, head.offsets.at(-1));
    return new Animation(head, payloads, { bytes, length: bytes.length });
  }

  /**
   * Decodes a file while it arrives. Of a picture, yields each band with the `picture`, which has
   * no indices: `first` is its first row, and `indices` are its own. Of an animation, yields
   * `picture` and the `animation` whenever more of its frames are there.
   *
   * @param {ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>} chunks
   * @throws {KmqError}
   */
  async *stream(chunks, limits) {
    yield* stream(chunks, await this.#makePayloads(), limits);
  }
}

function checked(bytes) {
  if (bytes instanceof Uint8Array) return bytes;
  throw new TypeError("bytes must be a Uint8Array");
}

/** Refuses a file of an animation that is shorter or longer than its head says. */
function checkSize({ length }, end) {
  if (length < end) {
    container.fail("payload", `${end - length} bytes are missing`, length, "TruncatedError");
  }
  container.checkEnd(end, length);
}

/**
 * The colors of a picture's pixels, as ImageData has them.
 *
 * @param {{palette: Uint8Array, channels: number}} picture
 * @param {Uint8Array | Uint16Array} [indices] of a frame, or some rows
 * @returns {Uint8ClampedArray<ArrayBuffer>} red, green, blue and alpha of each
 */
export function toRGBA({ palette, channels, indices: all }, indices = all) {
  const colors = new Uint8Array((palette.length / channels) * 4);
  const [green, blue] = channels < 3 ? [0, 0] : [1, 2];
  for (let from = 0, to = 0; from < palette.length; from += channels, to += 4) {
    colors[to] = palette[from];
    colors[to + 1] = palette[from + green];
    colors[to + 2] = palette[from + blue];
    colors[to + 3] = channels % 2 ? 255 : palette[from + channels - 1];
  }
  const entries = new Uint32Array(colors.buffer);
  const pixels = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) pixels[i] = entries[indices[i]];
  return new Uint8ClampedArray(pixels.buffer);
}
