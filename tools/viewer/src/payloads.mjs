// Payloads of .kmq files, decoded by libkmq in WebAssembly; javascript.mjs does the same without.
// Numbers in comments are sections of spec/kmq.md.

import { MODELLED, fail } from "./container.mjs";
import { Memory } from "./memory.mjs";

const OK = 0; // kmq.h
const ORDERED = 1;
const UNEXPECTED_ORDER = -4;

export class Payloads {
  #libkmq;
  #memory;

  constructor(instance) {
    this.#libkmq = instance.exports;
    this.#memory = new Memory(instance);
  }

  /** 5.3: the palette in index order, and the order of codes, or null. */
  decodePalette({ bytes, offset }, { coding, colorCount, mode: { channels } }) {
    const sizes = [bytes.length, colorCount * channels, 2 * colorCount, 4 * (colorCount + 1)];
    const [from, to, order, unused] = this.#memory.place(...sizes);
    this.#memory.put(bytes, from);
    const orders = coding === MODELLED ? [order, unused] : [0, 0];
    const status = this.#libkmq.kmq_decode_palette(
      from, BigInt(bytes.length), to, colorCount, channels, ...orders,
    );
    const refuse = (fault) => fail("palette_payload", fault, offset);
    if (status === UNEXPECTED_ORDER) refuse("an order beside packed indices");
    if (status < OK) refuse("no palette has this payload");
    const entries = this.#memory.view(Uint8Array, to, colorCount * channels).slice();
    if (status !== ORDERED) return { palette: entries, order: null };
    const indices = this.#memory.view(Uint16Array, order, colorCount).slice();
    if (indices.every((index, code) => index === code)) refuse("the order gives every code itself");
    const palette = new Uint8Array(entries.length);
    indices.forEach((index, code) => {
      palette.set(entries.subarray(code * channels, (code + 1) * channels), index * channels);
    });
    return { palette, order: indices };
  }

  /** 6.2, 6.3: the codes of a band, which are gone with the next call. */
  decodeBand({ bytes, offset }, header, rows) {
    const shape = shapeOf(header, rows);
    const isModelled = header.coding === MODELLED;
    const size = isModelled ? Number(this.#libkmq.kmq_band_memory(...shape)) : 0;
    const sizes = [bytes.length, codeBytes(header, rows), size];
    const [from, to, scratch] = this.#memory.place(...sizes);
    this.#memory.put(bytes, from);
    const status = isModelled
      ? this.#libkmq.kmq_decode_band(from, BigInt(bytes.length), ...shape, scratch, to)
      : this.#libkmq.kmq_unpack_indices(from, ...shape, to);
    if (status !== OK) fail("payload", "no indices have this payload", offset);
    return this.#codes(header, rows, to);
  }

  /** 6.5.2: what a band of successive frames is kept in. */
  keepBand(header, rows) {
    const size = Number(this.#libkmq.kmq_frames_memory(...shapeOf(header, rows)));
    return this.#memory.keep(size, codeBytes(header, rows));
  }

  /** 6.5.2: the codes of a kept band in its next frame, which are gone with the next call. */
  decodeFrame({ bytes, offset }, header, rows, isKey, [kept, codes]) {
    const [from] = this.#memory.place(bytes.length);
    this.#memory.put(bytes, from);
    const status = this.#libkmq.kmq_decode_frame(
      from, BigInt(bytes.length), ...shapeOf(header, rows), isKey, kept, codes,
    );
    if (status !== OK) fail("payload", "no frame has this payload", offset);
    return this.#codes(header, rows, codes);
  }

  #codes({ colorCount, width }, rows, address) {
    const Numbers = colorCount > 256 ? Uint16Array : Uint8Array;
    return this.#memory.view(Numbers, address, rows * width);
  }
}

function shapeOf({ width, colorCount }, rows) {
  return [BigInt(rows), BigInt(width), colorCount];
}

function codeBytes({ colorCount, width }, rows) {
  return rows * width * (colorCount > 256 ? 2 : 1);
}
