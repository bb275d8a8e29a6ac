// A decoder of .kmq files for browsers and Node: the container in JavaScript, payloads by libkmq in
// WebAssembly (built by tools/kmq-wasm). Numbers in comments are sections of spec/kmq.md.
//
//     const decoder = await load(bytesOfWasm);
//     const { width, height, mode, palette, indices, metadata } = decoder.decode(bytesOfKmq);
//
//     const animation = await decoder.open(bytesOfKmq);
//     for (let frame = 0; frame < animation.frameCount; frame++) {
//       show(animation.seek(frame), animation.palette, animation.seconds(frame));
//     }

import * as container from "./container.mjs";
import { Payloads } from "./payloads.mjs";

export { KmqError, MODES } from "./container.mjs";

const MOST_PIXELS = 178_956_970; // 8.2
const MOST_FRAMES = 2 ** 20;
const MOST_TOTAL_PIXELS = 2 ** 40;

/** Compiles libkmq; resolves to a Decoder. */
export async function load(bytesOfWasm) {
  const { module, instance } = await WebAssembly.instantiate(bytesOfWasm);
  return new Decoder(module, instance);
}

export class Decoder {
  #module;
  #payloads;

  constructor(module, instance) {
    this.#module = module;
    this.#payloads = new Payloads(instance);
  }

  /**
   * Decodes a picture, or the first frame of an animation, from a file's bytes, a Uint8Array. The
   * result's `palette` has color_count entries of the mode's channels, `indices` width * height
   * numbers (Uint16Array if there are more than 256 colors), `metadata` is a Map of payloads by
   * name, and `frameCount` is 1 if it is no animation. Throws a KmqError.
   */
  decode(bytes, { maxPixels = MOST_PIXELS } = {}) {
    const file = readFile(bytes, this.#payloads, maxPixels);
    const { reader, header, order, animation } = file;

    // 8.3: memory for pixels once all bands are known to be there
    const payloads = animation
      ? container.readFrame(bytes, reader.offset, animation.lengthsOf(0))
      : container.readBands(reader, header);
    const indices = makeIndices(header);
    for (const { number, first, rows } of container.bandsOf(header)) {
      if (header.colors === 1) continue; // all are 0
      const codes = this.#payloads.decodeBand(reader, header, rows, payloads[number]);
      putCodes(codes, order, indices, first * header.width);
    }
    return { ...file.picture, frameCount: animation ? animation.frameCount : 1, indices };
  }

  /** Opens an animation, in memory of its own; resolves to an Animation, or throws a KmqError. */
  async open(bytes, { maxPixels = MOST_PIXELS, ...limits } = {}) {
    const payloads = new Payloads(await WebAssembly.instantiate(this.#module));
    return new Animation(bytes, payloads, readFile(bytes, payloads, maxPixels), limits);
  }
}

/**
 * The frames of a file, of which one is held. Has `width`, `height`, `mode`, `palette` and
 * `metadata` as a decoded picture, `frameCount`, and `loop`, which is how often all frames are
 * shown: 0 is for ever.
 */
export class Animation {
  #bytes;
  #payloads;
  #file;
  #bands; // as Payloads keeps them, where modelled
  #frame = -1;
  #indices;

  constructor(bytes, payloads, file, limits) {
    if (!file.animation) throw new TypeError("a picture is decoded, not opened");
    this.#bytes = bytes;
    this.#payloads = payloads;
    this.#file = file;
    const { frameCount, loop } = file.animation;
    Object.assign(this, file.picture, { frameCount, loop });
    this.#checkLimits(limits);
  }

  #checkLimits({ maxFrames = MOST_FRAMES, maxTotalPixels = MOST_TOTAL_PIXELS }) {
    const { frameCount, width, height } = this;
    const { reader } = this.#file;
    checkLimit(reader, "frame_count", "frames", frameCount, maxFrames);
    checkLimit(reader, "frame_count", "pixels", frameCount * width * height, maxTotalPixels);
  }

  /** How long a frame is shown. */
  seconds(frame) {
    const { ticks, ticksPerSecond } = this.#file.animation;
    return ticks[frame] / ticksPerSecond;
  }

  /**
   * Goes to a frame, from the one held or from the nearest key frame, whichever is nearer. Returns
   * its indices, which change with the next call. Throws a KmqError, and then holds no frame.
   */
  seek(frame) {
    if (!(frame in this.#file.offsets.subarray(1))) throw new RangeError(`no frame ${frame}`);
    const { keyInterval } = this.#file.animation;
    let next = frame - (frame % keyInterval);
    if (next <= this.#frame && this.#frame <= frame) next = this.#frame + 1;
    this.#indices ??= makeIndices(this.#file.header);
    while (next <= frame) {
      this.#frame = -1;
      this.#decode(next, next % keyInterval === 0);
      this.#frame = next++;
    }
    return this.#indices;
  }

  /** 6.5 */
  #decode(frame, isKey) {
    const { header, order, animation, offsets, reader } = this.#file;
    if (header.colors === 1) return; // all are 0
    if (!isKey && offsets[frame] === offsets[frame + 1]) return;
    const payloads = container.readFrame(this.#bytes, offsets[frame], animation.lengthsOf(frame));
    for (const { number, first, rows } of container.bandsOf(header)) {
      const payload = payloads[number];
      if (!isKey && !payload.length) continue;
      let codes;
      if (header.coding === container.MODELLED) {
        this.#bands ??= [];
        this.#bands[number] ??= this.#payloads.keepBand(reader, header, rows);
        const band = this.#bands[number];
        codes = this.#payloads.decodeFrame(reader, header, rows, payload, isKey, band);
      } else {
        codes = this.#payloads.decodeBand(reader, header, rows, payload);
      }
      putCodes(codes, order, this.#indices, first * header.width);
    }
  }
}

/** Reads all in front of the bands, and finds frames. */
function readFile(bytes, payloads, maxPixels) {
  const reader = new container.Reader(bytes);
  const header = container.readHeader(reader);
  const { width, height, mode, flags } = header;
  checkLimit(reader, "width", "pixels", width * height, maxPixels);
  const metadata = flags & container.METADATA ? container.readMetadata(reader) : new Map();
  const { palette, order } = readPalette(reader, header, payloads);
  const animation = flags & container.FRAMES ? container.readAnimation(reader, header) : null;
  reader.checkChecksum();
  const offsets = animation && container.findFrames(reader, animation);
  const picture = { width, height, mode: mode.name, palette, metadata };
  return { reader, header, order, animation, offsets, picture };
}

function checkLimit(reader, field, what, count, most) {
  if (count > most) reader.fail(field, `${count} ${what} exceed ${most}`, "LimitError");
}

/** 5: the palette in index order, and the order of codes, if there is one. */
function readPalette(reader, header, payloads) {
  const { colors, mode, flags } = header;
  const { palette, order } =
    flags & container.CODED_PALETTE
      ? decodePalette(reader, header, payloads)
      : { palette: reader.take(colors * mode.channels, "palette").slice() };
  const isBilevel = colors === 2 ? palette[0] === 0 && palette[1] === 255 : palette[0] % 255 === 0;
  if (mode.name === "BILEVEL" && !isBilevel) reader.fail("palette", "not that of mode BILEVEL");
  if (mode.name === "PA" && container.countPaletteColors(palette) > 256) {
    reader.fail("palette", "more than 256 palette colors");
  }
  return { palette, order };
}

/** 5.3 */
function decodePalette(reader, header, payloads) {
  const length = reader.varint("palette_length", 0, 2 ** 21 - 1);
  const payload = reader.take(length, "palette_payload");
  const { entries, order } = payloads.decodePalette(reader, payload, header);
  if (!order) return { palette: entries };
  if (order.every((index, code) => index === code)) {
    reader.fail("palette_payload", "the order gives every code itself");
  }
  const { channels } = header.mode;
  const palette = new Uint8Array(entries.length);
  order.forEach((index, code) => {
    palette.set(entries.subarray(code * channels, (code + 1) * channels), index * channels);
  });
  return { palette, order };
}

function makeIndices({ width, height, colors }) {
  return new (colors > 256 ? Uint16Array : Uint8Array)(width * height);
}

/** Fills indices from a place on with those of codes. */
function putCodes(codes, order, indices, start) {
  if (order) codes.forEach((code, i) => (indices[start + i] = order[code]));
  else indices.set(codes, start);
}
