// Payloads of .kmq files, encoded by libkmq in WebAssembly. Numbers in comments are sections of
// spec/kmq.md.

import { Memory } from "./memory.mjs";

export const PHOTO = 0; // kmq.h
export const GRAPHICS = 1;

export class Coder {
  #libkmq;
  #memory;

  constructor(instance) {
    this.#libkmq = instance.exports;
    this.#memory = new Memory(instance);
  }

  /** 5.3: the shorter payload of entries in the order of codes; `order` is that, or null. */
  encodePalette(entries, channels, order) {
    const count = entries.length / channels;
    const room = 2 * entries.length + 6 * count + 16;
    const sizes = [entries.length, 2 * count, 4 * (count + 1), room];
    const encode = (isPredicting) => {
      const [from, orderAt, unused, to] = this.#memory.place(...sizes);
      this.#memory.put(entries, from);
      if (order) this.#memory.view(Uint16Array, orderAt, count).set(order);
      const orders = order ? [orderAt, unused] : [0, 0];
      const length = this.#libkmq.kmq_encode_palette(
        from, count, channels, orders[0], isPredicting, orders[1], to, BigInt(room),
      );
      return this.#memory.view(Uint8Array, to, Number(length)).slice();
    };
    const payload = encode(true);
    if (payload.length <= entries.length) return payload;
    const plain = encode(false); // of noise, whose samples are shorter than residuals
    return plain.length < payload.length ? plain : payload;
  }

  /** 6.2 */
  packBand(codes, width, colorCount, rowBytes) {
    const rows = codes.length / width;
    const [from, to] = this.#memory.place(codes.byteLength, rows * rowBytes);
    this.#put(codes, from);
    this.#libkmq.kmq_pack_indices(from, BigInt(rows), BigInt(width), colorCount, to);
    return this.#memory.view(Uint8Array, to, rows * rowBytes).slice();
  }

  /** 6.3: the payload of codes by a model, or null if it is longer than `most` bytes. */
  encodeBand(codes, width, colorCount, model, most) {
    const shape = [BigInt(codes.length / width), BigInt(width), colorCount];
    const room = most + 8; // the coder ends with up to 8 zeros, which it cuts off
    const size = Number(this.#libkmq.kmq_band_memory(...shape));
    const [from, scratch, to] = this.#memory.place(codes.byteLength, size, room);
    this.#put(codes, from);
    const length = Number(
      this.#libkmq.kmq_encode_band(from, ...shape, model, scratch, to, BigInt(room)),
    );
    if (length < 0 || length > most) return null;
    return this.#memory.view(Uint8Array, to, length).slice();
  }

  #put(codes, address) {
    this.#memory.view(codes.constructor, address, codes.length).set(codes);
  }
}
