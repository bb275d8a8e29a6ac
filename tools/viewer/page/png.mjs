// PNG of palette and indices, exact: a canvas would lose colors where alpha is low.

import { concatenate } from "../src/bytes.mjs";
import { crc32 } from "../src/container.mjs";

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const RGB = 2; // color types
const INDEXED = 3;
const RGBA = 6;

/** The bytes of a PNG; of up to 256 colors, with the palette and its order. */
export async function encodePNG({ width, height, palette, channels, metadata }, indices) {
  const colors = entriesOf(palette, channels);
  const hasAlpha = channels % 2 === 0;
  const type = colors.length <= 256 ? INDEXED : hasAlpha ? RGBA : RGB;
  const bits = type === INDEXED ? [1, 2, 4, 8].find((each) => colors.length <= 2 ** each) : 8;
  const lines = type === INDEXED
    ? packLines(width, height, indices, bits)
    : colorLines(width, height, indices, colors, type === RGBA ? 4 : 3);
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([bits, type], 8);
  const chunks = [["IHDR", header], ...(await metadataChunks(metadata))];
  if (type === INDEXED) {
    chunks.push(["PLTE", Uint8Array.from(colors.flatMap((color) => color.slice(0, 3)))]);
    if (hasAlpha) chunks.push(["tRNS", Uint8Array.from(colors, (color) => color[3])]);
  }
  chunks.push(["IDAT", await deflate(lines)], ["IEND", new Uint8Array()]);
  return concatenate([SIGNATURE, ...chunks.map(([name, data]) => chunk(name, data))]);
}

/** Red, green, blue and alpha of each entry. */
export function entriesOf(palette, channels) {
  return Array.from({ length: palette.length / channels }, (_, index) => {
    const entry = [...palette.subarray(index * channels, (index + 1) * channels)];
    const alpha = channels % 2 ? 255 : entry.pop();
    return entry.length === 1 ? [entry[0], entry[0], entry[0], alpha] : [...entry, alpha];
  });
}

/** Lines of indices, each behind a byte for no filter. */
function packLines(width, height, indices, bits) {
  const size = 1 + Math.ceil((width * bits) / 8);
  const lines = new Uint8Array(size * height);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, at = 8; x < width; x++, at += bits) {
      lines[y * size + (at >> 3)] |= indices[from++] << (8 - bits - (at & 7));
    }
  }
  return lines;
}

function colorLines(width, height, indices, colors, channels) {
  const size = 1 + width * channels;
  const lines = new Uint8Array(size * height);
  for (let y = 0, from = 0; y < height; y++) {
    for (let x = 0, at = y * size + 1; x < width; x++) {
      const color = colors[indices[from++]];
      for (let c = 0; c < channels; c++) lines[at++] = color[c];
    }
  }
  return lines;
}

/** Those that change how the picture looks: its profile, orientation and size on paper. */
async function metadataChunks(metadata) {
  const chunks = [];
  const profile = metadata.get("icc_profile");
  if (profile?.length) {
    const name = new TextEncoder().encode("ICC profile\0\0"); // and the method, 0
    chunks.push(["iCCP", concatenate([name, await deflate(profile)])]);
  }
  const dpi = metadata.get("dpi");
  if (dpi) {
    const source = new DataView(dpi.buffer, dpi.byteOffset);
    const data = new Uint8Array(9);
    const view = new DataView(data.buffer);
    const perMeter = [0, 8].map((at) => Math.round(source.getFloat64(at, true) / 0.0254));
    if (perMeter.every((count) => count < 2 ** 31)) {
      perMeter.forEach((count, i) => view.setUint32(4 * i, count));
      data[8] = 1; // the unit is the meter
      chunks.push(["pHYs", data]);
    }
  }
  const exif = metadata.get("exif");
  if (exif?.length) chunks.push(["eXIf", exif]);
  return chunks;
}

async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(name, data) {
  const whole = new Uint8Array(data.length + 12);
  const view = new DataView(whole.buffer);
  view.setUint32(0, data.length);
  whole.set(new TextEncoder().encode(name), 4);
  whole.set(data, 8);
  view.setUint32(data.length + 8, crc32(whole.subarray(4, data.length + 8), 0));
  return whole;
}
