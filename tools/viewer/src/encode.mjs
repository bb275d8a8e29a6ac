// An encoder of .kmq files for browsers and Node, by libkmq in WebAssembly with SIMD. Files are
// those of kmcodec.encode, byte by byte. Numbers in comments are sections of spec/kmq.md.
//
//     const encoder = await loadEncoder();
//     const picture = indexed(rgba, width, height); // null: there are more than 65,536 colors
//     const bytes = encoder.encode(picture);

import { SMALL_PIXELS, chooseBandRows, encodeBand, estimate } from "./bands.mjs";
import { concatenate } from "./bytes.mjs";
import { Coder } from "./coder.mjs";
import * as container from "./container.mjs";
import { compile } from "./memory.mjs";
import { greenOrder, splitOrder } from "./order.mjs";

export { indexed } from "./indexed.mjs";

const TINY_PIXELS = 512; // up to so many, trials would take longer than all the rest
const PALETTE_MODES = ["P", "P_ALPHA", "PA"]; // whose order is part of the picture

/**
 * Resolves to an Encoder; rejects where there is no WebAssembly with SIMD.
 *
 * @param {object} [options]
 * @param {URL | string | BufferSource | WebAssembly.Module} [options.wasm] the encoder of libkmq,
 *   or where it is: by default encode.wasm beside this module
 * @returns {Promise<Encoder>}
 */
export async function loadEncoder({ wasm = new URL("encode.wasm", import.meta.url) } = {}) {
  return new Encoder(new Coder(await WebAssembly.instantiate(await compile(wasm))));
}

class Encoder {
  #coder;

  constructor(coder) {
    this.#coder = coder;
  }

  /**
   * Encodes a picture of the fields that a decoded one has, exactly: of modes P, P_ALPHA and PA with
   * the order of its palette, of all others only its pixels.
   *
   * @param {{width: number, height: number, mode: string, palette: Uint8Array,
   *   indices: Uint8Array | Uint16Array}} picture
   * @returns {Uint8Array<ArrayBuffer>} the file
   * @throws {TypeError | RangeError} for what is no such picture
   */
  encode(picture) {
    const header = describePicture(picture);
    const counts = countPixels(picture.indices, header.colorCount);
    const given = this.#arrange(header, picture, counts, null);
    const orders = ordersOf(header, picture, counts);
    const found = orders.map((order) => this.#arrange(header, picture, counts, order) ?? given);
    const packable = [given, ...found.filter(({ order }) => !order)];
    const packed = shortest(packable.map((each) => this.#plan(header, each, null)));
    const modelled = container.describe({ ...header, coding: container.MODELLED });
    const { width, colorCount, bandRows } = header;
    const mayModel = colorCount > 1 && (bandRows + 3) * (width + 16) <= container.MOST_CELLS;
    const plans = (mayModel ? this.#likeliest(found, header) : [])
      .map((each) => this.#plan(modelled, each, this.#model(modelled, each.codes)))
      .filter(({ payloads }) => payloads);
    return this.#join(shortest([packed, ...plans]));
  }

  /** Codes in an order, and the palette section that goes with it; null for an order that is none. */
  #arrange(header, { palette, indices }, counts, order) {
    const { channels, name } = header.mode;
    if (!order) return { codes: indices, order, ...this.#section(palette, channels, null) };
    if (order.every((index, code) => index === code)) return null;
    const entries = new Uint8Array(palette.length);
    const table = new indices.constructor(header.colorCount);
    order.forEach((index, code) => {
      entries.set(palette.subarray(index * channels, (index + 1) * channels), code * channels);
      table[index] = code;
    });
    const kept = PALETTE_MODES.includes(name) ? order : null;
    const codes = indices.map((index) => table[index]);
    return { codes, order: kept, ...this.#section(entries, channels, kept) };
  }

  /** 5: the shorter form of a palette whose entries are in the order of codes. */
  #section(entries, channels, order) {
    const payload = this.#coder.encodePalette(entries, channels, order);
    const coded = Uint8Array.from([...varint(payload.length), ...payload]);
    if (!order && entries.length <= coded.length) return { section: entries, flag: 0 };
    return { section: coded, flag: container.CODED_PALETTE };
  }

  /** Of large pictures, the arrangement that some rows show to be best. */
  #likeliest(arrangements, { width, height, colorCount }) {
    if (width * height <= SMALL_PIXELS || arrangements.length === 1) return arrangements;
    const sizes = arrangements.map(({ section, codes }) =>
      section.length + estimate(this.#coder, codes, width, colorCount));
    return [arrangements[sizes.indexOf(Math.min(...sizes))]];
  }

  /** Payloads of all bands, or null if one would be longer than packed. */
  #model(header, codes) {
    const payloads = [];
    for (const { rows, codes: own } of bandsOf(header, codes)) {
      const payload = encodeBand(this.#coder, own, header, rows * header.rowBytes);
      if (!payload) return null;
      payloads.push(payload);
    }
    return payloads;
  }

  /** A file before it is put together; without payloads it is packed. */
  #plan(header, { codes, section, flag }, payloads) {
    const size = payloads
      ? payloads.reduce((sum, { length }) => sum + length, section.length)
      : section.length + header.height * header.rowBytes;
    return { header: { ...header, flags: flag }, codes, section, payloads, size };
  }

  /** 2 */
  #join({ header, codes, section, payloads }) {
    const { width, colorCount, rowBytes, bandCount } = header;
    const head = [packHeader(header), section];
    let checksum = head.reduce((crc, part) => container.crc32(part, crc), 0);
    const parts = [...head, u32(checksum)];
    const add = (payload) => {
      const length = u32(payload.length);
      checksum = container.crc32(payload, container.crc32(length, checksum));
      parts.push(length, payload, u32(checksum));
    };
    if (payloads) payloads.forEach(add);
    else if (colorCount === 1) for (let band = 0; band < bandCount; band++) add(new Uint8Array(0));
    else {
      for (const { codes: own } of bandsOf(header, codes)) {
        add(this.#coder.packBand(own, width, colorCount, rowBytes));
      }
    }
    return concatenate(parts);
  }
}

/** The header of a picture in coding packed, if it is one. */
function describePicture({ width, height, mode: name, palette, indices }) {
  const mode = container.MODES.find((each) => each.name === name);
  const isSide = (side) => Number.isInteger(side) && side >= 1 && side <= container.MOST_SIDE;
  if (!mode) throw new RangeError(`mode ${name} is none of ${container.MODES.map((m) => m.name)}`);
  if (!isSide(width) || !isSide(height)) throw new RangeError(`no picture is ${width} x ${height}`);
  if (!(palette instanceof Uint8Array)) throw new TypeError("palette must be a Uint8Array");
  const colorCount = palette.length / mode.channels;
  if (!(Number.isInteger(colorCount) && colorCount >= 1 && colorCount <= mode.mostColors)) {
    throw new RangeError(`mode ${name} has no palette of ${palette.length} bytes`);
  }
  const Numbers = colorCount > 256 ? Uint16Array : Uint8Array;
  if (!(indices instanceof Numbers)) throw new TypeError(`indices must be a ${Numbers.name}`);
  if (indices.length !== width * height) {
    throw new RangeError(`${indices.length} indices are not those of ${width} x ${height} pixels`);
  }
  const bandRows = chooseBandRows(width, height);
  const header = { coding: 0, mode, flags: 0, width, height, colorCount, bandRows };
  try {
    container.checkPalette(header, palette, 0);
  } catch ({ fault }) {
    throw new RangeError(`palette: ${fault}`);
  }
  return container.describe(header);
}

function countPixels(indices, colorCount) {
  const counts = new Uint32Array(65536);
  for (let i = 0; i < indices.length; i++) counts[indices[i]]++;
  const beyond = counts.findIndex((count, index) => count && index >= colorCount);
  if (beyond >= 0) throw new RangeError(`index ${beyond} of ${colorCount} colors`);
  return counts.subarray(0, colorCount);
}

/** The orders of codes to try. */
function ordersOf({ mode, width, height }, { palette }, counts) {
  const pixels = width * height;
  const given = Uint16Array.from(counts.keys());
  if (mode.mostColors === 2) return [given]; // of which there is only one (5.1)
  const orders = [];
  if (PALETTE_MODES.includes(mode.name)) orders.push(given);
  else if (pixels <= SMALL_PIXELS) orders.push(greenOrder(palette, mode.channels));
  if (pixels <= TINY_PIXELS) return orders;
  const split = splitOrder(palette, mode.channels, counts);
  const isOther = (order) => order.some((index, code) => index !== split[code]);
  return [...orders.filter(isOther), split];
}

function shortest(plans) {
  return plans.reduce((best, plan) => (plan.size < best.size ? plan : best));
}

function* bandsOf(header, codes) {
  for (let band = 0, first = 0; band < header.bandCount; band++) {
    const rows = container.rowsOf(header, band);
    const end = first + rows * header.width;
    yield { rows, codes: codes.subarray(first, end) };
    first = end;
  }
}

/** 3 */
function packHeader({ coding, mode, flags, width, height, colorCount, bandRows }) {
  const header = new Uint8Array(20);
  header.set([...container.MAGIC, 0, coding, container.MODES.indexOf(mode), flags]);
  const view = new DataView(header.buffer);
  [width, height].forEach((side, n) => view.setUint32(8 + 4 * n, side, true));
  [colorCount, bandRows].forEach((count, n) => view.setUint16(16 + 2 * n, count - 1, true));
  return header;
}

function u32(number) {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number, true);
  return bytes;
}

/** 1 */
function varint(number) {
  return number < 128 ? [number] : [128 | (number & 127), ...varint(number >>> 7)];
}
