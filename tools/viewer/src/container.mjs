// The container of .kmq files: all but the payloads of palettes and bands. Numbers in comments are
// sections of spec/kmq.md.

/**
 * 8.1: `name` is the class, `field` the field at fault, and `offset` where the fault is: where the
 * field begins or, in a TruncatedError, where the data ends. That has `needed` too, the least length
 * of the data with which reading goes on.
 */
export class KmqError extends Error {
  constructor(name, field, fault, offset) {
    super(`${field}: ${fault} (offset ${offset})`);
    Object.assign(this, { name, field, fault, offset });
  }
}

/** @returns {never} */
export function fail(field, fault, offset, name = "FormatError") {
  throw new KmqError(name, field, fault, offset);
}

// 3.4: name, bytes of a palette entry, most colors
export const MODES = [
  ["BILEVEL", 1, 2],
  ["L", 1, 256],
  ["LA", 2, 65536],
  ["P", 3, 256],
  ["P_ALPHA", 4, 256],
  ["PA", 4, 65536],
  ["RGB", 3, 65536],
  ["RGBA", 4, 65536],
].map(([name, channels, mostColors]) => ({ name, channels, mostColors }));
export const MAGIC = [0x8b, 0x4b, 0x4d, 0x51]; // 3.1
export const MODELLED = 1; // 3.3
export const METADATA = 1; // 3.5
export const CODED_PALETTE = 2;
export const FRAMES = 12; // two bits, so that no flip of one makes an animation
export const MOST_SIDE = 2 ** 30; // 3.6, 3.7
export const MOST_CELLS = 2 ** 28; // 3.9
const MOST = 2 ** 32 - 1;

/** Takes bytes in file order, and keeps the running checksum (7.1) of what was taken. */
export class Reader {
  checksum = 0;

  constructor(bytes, offset = 0, end = bytes.length, shortage = "TruncatedError") {
    Object.assign(this, { bytes, offset, end, shortage });
  }

  get left() {
    return this.end - this.offset;
  }

  take(count, field) {
    if (count > this.left) {
      const fault = `${count} bytes needed, ${this.left} left`;
      const error = new KmqError(this.shortage, field, fault, this.end);
      throw Object.assign(error, { needed: this.offset + count });
    }
    const taken = this.bytes.subarray(this.offset, this.offset + count);
    this.offset += count;
    this.checksum = crc32(taken, this.checksum);
    return taken;
  }

  u32(field) {
    return viewOf(this.take(4, field)).getUint32(0, true);
  }

  /** 1: a varint of `least..most`; `name` is the field at fault if it is none. */
  varint(field, least = 0, most = MOST, name = field) {
    const start = this.offset;
    let number = 0;
    let byte = 0x80;
    for (let size = 0; byte & 0x80; size++) {
      const isCut = size && !this.left && this.shortage === "FormatError";
      if (size === 5 || isCut) fail(name, "does not end", start);
      byte = this.take(1, field)[0];
      number += (byte & 0x7f) * 2 ** (7 * size);
      if (!byte && size) fail(name, "ends with 0", start);
    }
    if (number > MOST) fail(name, "2^32 or more", start);
    if (number < least || number > most) {
      fail(field, `${number} is not in ${least}..${most}`, start);
    }
    return number;
  }

  /** The next bytes as a reader of their own, to which they have to be enough. */
  part(count, field) {
    const start = this.offset;
    this.take(count, field);
    return new Reader(this.bytes, start, this.offset, "FormatError");
  }

  checkChecksum() {
    const computed = this.checksum;
    const stored = this.u32("checksum");
    if (stored !== computed) fail("checksum", "is wrong", this.offset - 4, "ChecksumError");
    this.checksum = computed;
  }
}

/** 3 */
export function readHeader(reader) {
  const start = reader.bytes.subarray(0, Math.min(4, reader.end));
  if (!start.length || start.some((byte, i) => byte !== MAGIC[i])) {
    fail("magic", "not a .kmq file", 0, "SignatureError");
  }
  const view = viewOf(reader.take(20, "header"));
  const check = (isRight, field, offset, value, name = "FormatError") => {
    if (!isRight) fail(field, `${value} is not allowed`, offset, name);
  };
  const [version, coding, modeNumber, flags] = [4, 5, 6, 7].map((at) => view.getUint8(at));
  const [width, height] = [8, 12].map((at) => view.getUint32(at, true));
  const [colorCount, bandRows] = [16, 18].map((at) => view.getUint16(at, true) + 1);
  const mode = MODES[modeNumber];
  const areFlags = flags < 16 && [0, FRAMES].includes(flags & FRAMES);
  check(version === 0, "version", 4, version, "UnsupportedError");
  check(coding <= MODELLED, "coding", 5, coding, "UnsupportedError");
  check(mode, "mode", 6, modeNumber, "UnsupportedError");
  check(areFlags, "flags", 7, flags, "UnsupportedError");
  check(width >= 1 && width <= MOST_SIDE, "width", 8, width);
  check(height >= 1 && height <= MOST_SIDE, "height", 12, height);
  check(colorCount <= mode.mostColors, "color_count", 16, colorCount);
  const header = describe({ coding, mode, flags, width, height, colorCount, bandRows });
  check(hasRightBands(header), "band_rows", 18, bandRows);
  return header;
}

/** A header with what is derived from its fields (1). */
export function describe(header) {
  const { width, height, colorCount, bandRows } = header;
  const bits = 32 - Math.clz32(colorCount - 1);
  const rowBytes = Math.ceil((width * bits) / 8);
  return { ...header, bits, rowBytes, bandCount: Math.ceil(height / bandRows) };
}

/** 3.9 */
function hasRightBands({ coding, flags, width, height, bandRows, rowBytes, bandCount }) {
  if (bandRows > height || bandRows * rowBytes > MOST) return false;
  if (coding !== MODELLED) return true;
  const mostBands = flags & FRAMES ? 8 + Math.floor((width * height) / 2 ** 19) : Infinity;
  return (bandRows + 3) * (width + 16) <= MOST_CELLS && bandCount <= mostBands;
}

/** 4: payloads by name. */
export function readMetadata(reader) {
  const metadata = new Map();
  const check = (isRight, field, fault, size) => {
    if (!isRight) fail(field, fault, reader.offset - size);
  };
  const count = reader.take(1, "section_count")[0];
  check(count, "section_count", "0", 1);
  for (let i = 0, previous = "", total = 0; i < count; i++) {
    const nameLength = reader.take(1, "name_length")[0];
    check(nameLength >= 1 && nameLength <= 32, "name_length", "not in 1..32", 1);
    const name = String.fromCharCode(...reader.take(nameLength, "name"));
    check(/^[a-z0-9_]+$/.test(name), "name", "a byte not of a-z, 0-9 and _", nameLength);
    check(name > previous, "name", "does not ascend", nameLength);
    previous = name;
    const length = reader.u32("length");
    check(length <= 2 ** 24, "length", `${length} exceeds 2^24`, 4);
    total += length;
    check(total <= 2 ** 26, "length", `${total} bytes of metadata exceed 2^26`, 4);
    check(name !== "dpi" || length === 16, "length", `${length} bytes of dpi`, 4);
    const payload = reader.take(length, "payload");
    check(name !== "dpi" || isDpi(payload), "payload", "no dpi", length);
    metadata.set(name, payload.slice());
  }
  return metadata;
}

/** 4.1 */
function isDpi(payload) {
  const values = [0, 8].map((at) => viewOf(payload).getFloat64(at, true));
  return values.every((value) => value > 0 && value < Infinity);
}

/** 5.3: the payload of a coded palette, and its offset. */
export function readPalettePayload(reader) {
  const length = reader.varint("palette_length", 0, 2 ** 21 - 1);
  const { offset } = reader;
  return { bytes: reader.take(length, "palette_payload"), offset };
}

/** 5.1, 5.2: refuses a palette that the mode cannot have. */
export function checkPalette({ mode: { name } }, palette, offset) {
  if (name === "BILEVEL" && !["0", "255", "0,255"].includes(palette.join())) {
    fail("palette", "none of mode BILEVEL", offset);
  }
  if (name === "PA" && countPaletteColors(palette) > 256) {
    fail("palette", "more than 256 palette colors", offset);
  }
}

/** 5.2 */
export function countPaletteColors(palette) {
  let count = 1;
  for (let i = 4; i < palette.length; i += 4) {
    const differs = [0, 1, 2].some((c) => palette[i + c] !== palette[i + c - 4]);
    if (differs || palette[i + 3] <= palette[i - 1]) count++;
  }
  return count;
}

/** 6.5.1: how frames are timed, and the lengths of their bands' payloads. */
export function readAnimation(outer, header) {
  const reader = outer.part(outer.varint("frames_length"), "frames_payload");
  const number = (field, least, most) => reader.varint(field, least, most, "frames_payload");
  const frameCount = number("frame_count", 2, 2 ** 24);
  const loop = number("loop_count");
  const ticksPerSecond = number("ticks_per_second", 1);
  const keyInterval = number("key_interval", 1, frameCount);
  const runs = []; // what is allocated has its length compared with the data first
  for (let frame = 0, before = -1; frame < frameCount; ) {
    const { offset } = reader;
    const ticks = number("ticks");
    if (ticks === before) fail("ticks", `${ticks} again`, offset);
    const run = number("run", 1, frameCount - frame);
    runs.push([ticks, run]);
    before = ticks;
    frame += run;
  }
  const count = frameCount * header.bandCount;
  if (count > reader.left) fail("length", "too few", reader.end);
  const ticks = new Uint32Array(frameCount);
  let start = 0;
  for (const [each, run] of runs) ticks.fill(each, start, (start += run));
  const lengths = readLengths(number, reader, header, new Uint32Array(count), keyInterval);
  if (reader.left) fail("length", "too many", reader.offset);
  return { frameCount, loop, ticksPerSecond, keyInterval, ticks, lengths };
}

function readLengths(number, reader, header, lengths, keyInterval) {
  const { coding, colorCount, rowBytes, bandCount } = header;
  const isFree = coding === MODELLED && colorCount > 1;
  for (let i = 0; i < lengths.length; i++) {
    const { offset } = reader;
    const length = (lengths[i] = number("length"));
    const packed = rowsOf(header, i % bandCount) * rowBytes;
    const isKey = Math.floor(i / bandCount) % keyInterval === 0;
    const mayBe = isFree || length === packed || (!length && !isKey);
    if (!mayBe) fail("length", `${length} bytes, ${packed} packed`, offset);
  }
  return lengths;
}

/** 6.1: the payload of the next band of a picture, verified, and its offset. */
export function readBand(reader, header, band) {
  const length = reader.u32("length");
  const packed = rowsOf(header, band) * header.rowBytes;
  if (header.coding === MODELLED ? length > packed : length !== packed) {
    fail("length", `${length} bytes, ${packed} packed`, reader.offset - 4);
  }
  return takePayload(reader, length);
}

function takePayload(reader, length) {
  const { offset } = reader;
  const bytes = reader.take(length, "payload");
  reader.checkChecksum();
  return { bytes, offset };
}

/** Refuses bytes behind the last band. */
export function checkEnd(end, length) {
  if (length > end) fail("end", `${length - end} bytes follow the last band`, end);
}

/** 6.5: where each frame begins, and the last one ends. */
export function findFrames({ frameCount, lengths }, start) {
  const offsets = new Float64Array(frameCount + 1).fill(start);
  const bandCount = lengths.length / frameCount;
  for (let i = 0, end = start; i < lengths.length; ) {
    end += lengths[i] + (lengths[i] ? 4 : 0);
    offsets[Math.ceil(++i / bandCount)] = end;
  }
  return offsets;
}

/** 6.5, 7.3: the payloads of the bands of a frame, verified. */
export function readFrame(bytes, offset, lengths) {
  const reader = new Reader(bytes, offset - 4);
  const checksum = reader.u32("checksum"); // of what is in front, verified with it
  reader.checksum = checksum;
  return Array.from(lengths, (length) =>
    length ? takePayload(reader, length) : { bytes: bytes.subarray(0, 0), offset: reader.offset });
}

/** 6.1 */
export function rowsOf({ height, bandRows }, band) {
  return Math.min(bandRows, height - band * bandRows);
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, crc) => {
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** 7.1: of bytes that follow those of the checksum `crc`. */
export function crc32(bytes, crc) {
  crc = ~crc;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ bytes[i]) & 255];
  return ~crc >>> 0;
}
