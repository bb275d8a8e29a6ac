// Payloads of .kmq files, by libkmq in WebAssembly. Numbers in comments are sections of spec/kmq.md.

import { MODELLED } from "./container.mjs";

const OK = 0; // kmq.h
const ORDERED = 1;

/** One instance of libkmq: its memory grows as needed, and only with it all is freed. */
export class Payloads {
  #wasm;
  #top; // what is kept is below

  constructor(instance) {
    this.#wasm = instance.exports;
    this.#wasm.kmq_start_up(0);
    this.#top = this.#wasm.__heap_base.value;
  }

  /** 5.3: entries and, if there is one, the order, both in the order of codes. */
  decodePalette(reader, payload, { coding, colors, mode: { channels } }) {
    const ordered = coding === MODELLED;
    const sizes = [payload.length, colors * channels, 2 * colors, 4 * (colors + 1)];
    const [from, to, order, unused] = this.#place(reader, sizes);
    this.#view(Uint8Array, from, payload.length).set(payload);
    const status = this.#wasm.kmq_decode_palette(
      from, BigInt(payload.length), to, colors, channels, ordered ? order : 0, ordered ? unused : 0,
    );
    if (status < OK) reader.fail("palette_payload", `libkmq says ${status}`);
    const entries = this.#view(Uint8Array, to, colors * channels).slice();
    return { entries, order: status === ORDERED && this.#view(Uint16Array, order, colors).slice() };
  }

  /** 6.2, 6.3: the codes of a band; they are gone with the next call. */
  decodeBand(reader, header, rows, payload) {
    const { coding, colors, width } = header;
    const shape = [BigInt(rows), BigInt(width), colors];
    const isModelled = coding === MODELLED;
    const memory = isModelled ? Number(this.#wasm.kmq_band_memory(...shape)) : 0;
    const sizes = [payload.length, codeBytes(header, rows), memory];
    const [from, to, scratch] = this.#place(reader, sizes);
    this.#view(Uint8Array, from, payload.length).set(payload);
    const status = isModelled
      ? this.#wasm.kmq_decode_band(from, BigInt(payload.length), ...shape, scratch, to)
      : this.#wasm.kmq_unpack_indices(from, ...shape, to);
    if (status !== OK) reader.fail("payload", `libkmq says ${status}`);
    return this.#codes(header, rows, to);
  }

  /** 6.5.2: what a modelled band of successive frames is kept in. */
  keepBand(reader, header, rows) {
    const shape = [BigInt(rows), BigInt(header.width), header.colors];
    const sizes = [Number(this.#wasm.kmq_frames_memory(...shape)), codeBytes(header, rows)];
    const [memory, codes] = this.#place(reader, sizes);
    this.#top = codes + sizes[1];
    return { memory, codes };
  }

  /** 6.5.2: the codes of a kept band in its next frame; they are gone with the next call. */
  decodeFrame(reader, header, rows, payload, isKey, { memory, codes }) {
    const shape = [BigInt(rows), BigInt(header.width), header.colors];
    const [from] = this.#place(reader, [payload.length]);
    this.#view(Uint8Array, from, payload.length).set(payload);
    const status = this.#wasm.kmq_decode_frame(
      from, BigInt(payload.length), ...shape, isKey, memory, codes,
    );
    if (status !== OK) reader.fail("payload", `libkmq says ${status}`);
    return this.#codes(header, rows, codes);
  }

  #codes({ colors, width }, rows, address) {
    return this.#view(colors > 256 ? Uint16Array : Uint8Array, address, rows * width);
  }

  /** Addresses of buffers, valid until the next call. */
  #place(reader, sizes) {
    const { memory } = this.#wasm;
    let end = this.#top;
    const addresses = sizes.map((size) => {
      const address = Math.ceil(end / 64) * 64;
      end = address + size;
      return address;
    });
    const missing = end - memory.buffer.byteLength;
    try {
      if (missing > 0) memory.grow(Math.ceil(missing / 65536));
    } catch {
      reader.fail("width", `${end} bytes of memory are needed`, "LimitError", 8);
    }
    return addresses;
  }

  #view(Numbers, address, length) {
    return new Numbers(this.#wasm.memory.buffer, address, length);
  }
}

function codeBytes({ colors, width }, rows) {
  return rows * width * (colors > 256 ? 2 : 1);
}
