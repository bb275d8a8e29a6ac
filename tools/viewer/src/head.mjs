// The head of a file, and bands by it. Numbers in comments are sections of spec/kmq.md.

import * as container from "./container.mjs";

/** Reads and verifies all in front of the bands, to which the reader is left. */
export function readHead(bytes, payloads, limits = {}) {
  const { maxPixels = 178_956_970, maxFrames = 2 ** 20, maxTotalPixels = 2 ** 40 } = limits; // 8.2
  const reader = new container.Reader(bytes);
  const header = container.readHeader(reader);
  const { width, height, mode, flags } = header;
  checkLimit("width", 8, "pixels", width * height, maxPixels);
  const metadata = flags & container.METADATA ? container.readMetadata(reader) : new Map();
  const { palette, order } = readPalette(reader, header, payloads);
  const framesAt = reader.offset;
  const animation = flags & container.FRAMES ? container.readAnimation(reader, header) : null;
  const frameCount = animation?.frameCount ?? 1;
  checkLimit("frame_count", framesAt, "frames", frameCount, maxFrames);
  checkLimit("frame_count", framesAt, "pixels", frameCount * width * height, maxTotalPixels);
  reader.checkChecksum();
  const offsets = animation && container.findFrames(animation, reader.offset);
  const { name, channels } = mode;
  const picture = { width, height, mode: name, channels, palette, metadata, frameCount };
  return new Head({ reader, header, order, animation, offsets, picture });
}

function checkLimit(field, offset, what, count, most) {
  const fault = `${count} ${what} exceed ${most}`;
  if (!(count <= most)) container.fail(field, fault, offset, "LimitError");
}

/** 5 */
function readPalette(reader, header, payloads) {
  const start = reader.offset;
  const read = header.flags & container.CODED_PALETTE ? readCodedPalette : readEntries;
  const result = read(reader, header, payloads);
  container.checkPalette(header, result.palette, start);
  return result;
}

function readEntries(reader, { colorCount, mode: { channels } }) {
  return { palette: reader.take(colorCount * channels, "palette").slice(), order: null };
}

/** 5.3 */
function readCodedPalette(reader, header, payloads) {
  return payloads.decodePalette(container.readPalettePayload(reader), header);
}

/**
 * `header`, the `order` of codes or null, the `animation` as the frames section has it or null, and
 * `offsets` of its frames, the `picture` without indices, and a `reader` of what follows.
 */
class Head {
  constructor(parts) {
    Object.assign(this, parts);
  }

  makeIndices(rows) {
    const { colorCount, width } = this.header;
    const Numbers = colorCount > 256 ? Uint16Array : Uint8Array;
    try {
      return new Numbers(rows * width);
    } catch {
      return container.fail("width", `${rows * width} pixels are too many`, 8, "LimitError");
    }
  }

  /** Puts the indices of a band to some, from a place on. */
  decodeBand(payloads, payload, band, indices, first) {
    if (this.header.colorCount === 1) return; // all are 0
    const rows = container.rowsOf(this.header, band);
    this.putCodes(payloads.decodeBand(payload, this.header, rows), indices, first);
  }

  putCodes(codes, indices, first) {
    const { order } = this;
    if (!order) indices.set(codes, first);
    else for (let i = 0; i < codes.length; i++) indices[first + i] = order[codes[i]];
  }
}
