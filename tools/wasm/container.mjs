// The container of .kmq files: all but the payloads of palettes and bands. Numbers in comments are
// sections of spec/kmq.md.

// 8.1: `name` is the class, `field` the field at fault, `offset` where it begins.

export class KmqError extends Error {
  constructor(name, field, fault, offset) {
    super(`${field}: ${fault}`);
    Object.assign(this, { name, field, offset });
  }
}

// 3.4: name, bytes of a palette entry, most colors.

export const MODES = [
  { name: "BILEVEL", channels: 1, mostColors: 2 },
  { name: "L", channels: 1, mostColors: 256 },
  { name: "LA", channels: 2, mostColors: 65536 },
  { name: "P", channels: 3, mostColors: 256 },
  { name: "P_ALPHA", channels: 4, mostColors: 256 },
  { name: "PA", channels: 4, mostColors: 65536 },
  { name: "RGB", channels: 3, mostColors: 65536 },
  { name: "RGBA", channels: 4, mostColors: 65536 },
];
export const MODELLED = 1; // 3.3
export const METADATA = 1; // 3.5
export const CODED_PALETTE = 2;
export const FRAMES = 12; // two bits, so that no flip of one makes an animation
const MOST_NUMBER = 2 ** 32 - 1;
const MAGIC = [0x8b, 0x4b, 0x4d, 0x51];

/** Takes bytes in file order, and keeps the running checksum of what was taken (7.1). */
export class Reader {
  checksum = 0;

  constructor(bytes, offset = 0, end = bytes.length, shortage = "TruncatedError") {
    Object.assign(this, { bytes, offset, end, shortage });
  }

  get left() {
    return this.end - this.offset;
  }

  fail(field, fault, name = "FormatError", offset = this.offset) {
    throw new KmqError(name, field, fault, offset);
  }

  take(count, field) {
    const fault = `${count} bytes needed, ${this.left} left`;
    if (count > this.left) this.fail(field, fault, this.shortage);
    const taken = this.bytes.subarray(this.offset, this.offset + count);
    this.offset += count;
    this.checksum = crc32(taken, this.checksum);
    return taken;
  }

  u32(field) {
    return viewOf(this.take(4, field)).getUint32(0, true);
  }

  /** 1 */
  varint(field, least = 0, most = MOST_NUMBER) {
    const { offset, bytes } = this;
    let size = 1;
    while (size < 5 && bytes[offset + size - 1] & 0x80) size++;
    const value = this.take(size, field).reduceRight((sum, byte) => sum * 128 + (byte & 0x7f), 0);
    const last = bytes[offset + size - 1];
    const isShortest = last < 0x80 && (last > 0 || size === 1);
    if (!isShortest || value < least || value > most) {
      this.fail(field, `is not a number of ${least}..${most}, or too long`, "FormatError", offset);
    }
    return value;
  }

  /** A reader of the next bytes alone, which have to be enough. */
  part(count, field) {
    const start = this.offset;
    this.take(count, field);
    return new Reader(this.bytes, start, this.offset, "FormatError");
  }

  checkChecksum() {
    const computed = this.checksum;
    const stored = this.u32("checksum");
    if (stored !== computed) this.fail("checksum", "is wrong", "ChecksumError", this.offset - 4);
    this.checksum = computed;
  }
}

/** 3 */
export function readHeader(reader) {
  const start = reader.bytes.subarray(0, 4);
  if (!start.length || start.some((byte, i) => byte !== MAGIC[i])) {
    reader.fail("magic", "not a .kmq file", "SignatureError");
  }
  const view = viewOf(reader.take(20, "header"));
  const [version, coding, modeNumber, flags] = [4, 5, 6, 7].map((at) => view.getUint8(at));
  const [width, height] = [8, 12].map((at) => view.getUint32(at, true));
  const [colors, bandRows] = [16, 18].map((at) => view.getUint16(at, true) + 1);
  const mode = MODES[modeNumber];
  const check = (isRight, field, offset, name) => {
    if (!isRight) reader.fail(field, "has a value that is not allowed", name, offset);
  };
  check(version === 0, "version", 4, "UnsupportedError");
  check(coding <= MODELLED, "coding", 5, "UnsupportedError");
  check(mode, "mode", 6, "UnsupportedError");
  check(flags < 16 && [0, FRAMES].includes(flags & FRAMES), "flags", 7, "UnsupportedError");
  check(width >= 1 && width <= 2 ** 30, "width", 8);
  check(height >= 1 && height <= 2 ** 30, "height", 12);
  check(colors <= mode.mostColors, "color_count", 16);
  const bits = 32 - Math.clz32(colors - 1);
  const rowBytes = Math.ceil((width * bits) / 8);
  check(bandRows <= height && bandRows * rowBytes <= MOST_NUMBER, "band_rows", 18);
  const cells = (bandRows + 3) * (width + 16);
  check(coding !== MODELLED || cells <= 2 ** 28, "band_rows", 18);
  const mostBands = 8 + Math.floor((width * height) / 2 ** 19);
  const isFree = coding !== MODELLED || !(flags & FRAMES);
  check(isFree || Math.ceil(height / bandRows) <= mostBands, "band_rows", 18);
  return { coding, mode, flags, width, height, colors, bandRows, rowBytes };
}

/** 4: payloads by name. */
export function readMetadata(reader) {
  const metadata = new Map();
  const count = reader.take(1, "section_count")[0];
  if (count === 0) reader.fail("section_count", "no section");
  for (let i = 0, previous = "", total = 0; i < count; i++) {
    const nameLength = reader.take(1, "name_length")[0];
    if (nameLength < 1 || nameLength > 32) reader.fail("name_length", "not in 1..32");
    const name = String.fromCharCode(...reader.take(nameLength, "name"));
    if (!/^[a-z0-9_]+$/.test(name)) reader.fail("name", "a byte not of a-z, 0-9 and _");
    if (name <= previous) reader.fail("name", "does not ascend");
    previous = name;
    const length = reader.u32("length");
    if (length > 2 ** 24) reader.fail("length", `${length} exceeds 2^24`);
    total += length;
    if (total > 2 ** 26) reader.fail("length", `${total} bytes of metadata exceed 2^26`);
    const payload = reader.take(length, "payload");
    if (name === "dpi") checkDpi(reader, payload);
    metadata.set(name, payload.slice());
  }
  return metadata;
}

/** 4.1 */
function checkDpi(reader, payload) {
  if (payload.length !== 16) reader.fail("length", "dpi has 16 bytes");
  const values = [0, 8].map((at) => viewOf(payload).getFloat64(at, true));
  const areRight = values.every((value) => value > 0 && value < Infinity);
  if (!areRight) reader.fail("payload", `dpi of ${values}`);
}

/** 6.5.1: how frames are timed, and the lengths of their bands' payloads. */
export function readAnimation(outer, header) {
  const reader = outer.part(outer.varint("frames_length"), "frames_payload");
  const frameCount = reader.varint("frame_count", 2, 2 ** 24);
  const loop = reader.varint("loop_count");
  const ticksPerSecond = reader.varint("ticks_per_second", 1);
  const keyInterval = reader.varint("key_interval", 1, frameCount);
  const bandCount = Math.ceil(header.height / header.bandRows);
  if (reader.left < frameCount * bandCount) reader.fail("length", "lengths are missing");
  const ticks = new Uint32Array(frameCount);
  for (let frame = 0; frame < frameCount; ) {
    const duration = reader.varint("ticks");
    if (frame && duration === ticks[frame - 1]) reader.fail("ticks", "are those of the run before");
    const next = frame + reader.varint("run", 1, frameCount - frame);
    ticks.fill(duration, frame, next);
    frame = next;
  }
  const lengths = readLengths(reader, header, frameCount * bandCount, keyInterval);
  if (reader.left) reader.fail("frames_payload", `${reader.left} bytes follow the last length`);
  const lengthsOf = (frame) => lengths.subarray(frame * bandCount, (frame + 1) * bandCount);
  return { frameCount, loop, ticksPerSecond, keyInterval, ticks, lengthsOf };
}

function readLengths(reader, header, count, keyInterval) {
  const { coding, colors, rowBytes } = header;
  const wholes = Array.from(bandsOf(header), ({ rows }) => rows * rowBytes);
  const isFree = coding === MODELLED && colors > 1;
  return Uint32Array.from({ length: count }, (_, place) => {
    const length = reader.varint("length");
    const whole = wholes[place % wholes.length];
    const isKey = Math.floor(place / wholes.length) % keyInterval === 0;
    const mayBe = isFree || length === whole || (length === 0 && !isKey);
    if (!mayBe) reader.fail("length", `${length} bytes, ${whole} packed`);
    return length;
  });
}

/** 6.1: a payload for each band of a picture, their lengths and checksums verified. */
export function readBands(reader, header) {
  const payloads = Array.from(bandsOf(header), ({ rows }) => readBand(reader, header, rows));
  if (reader.left) reader.fail("end", `${reader.left} bytes follow the last band`);
  return payloads;
}

function readBand(reader, { coding, rowBytes }, rows) {
  const length = reader.u32("length");
  const packed = rows * rowBytes;
  if (coding === MODELLED ? length > packed : length !== packed) {
    reader.fail("length", `${length} bytes, ${packed} packed`);
  }
  const payload = reader.take(length, "payload");
  reader.checkChecksum();
  return payload;
}

/** 6.5: where each frame begins, and the last one ends, which is where the data has to end. */
export function findFrames(reader, { frameCount, lengthsOf }) {
  const offsets = new Float64Array(frameCount + 1).fill(reader.offset);
  for (let frame = 0; frame < frameCount; frame++) {
    const add = (end, length) => end + length + (length ? 4 : 0);
    offsets[frame + 1] = lengthsOf(frame).reduce(add, offsets[frame]);
  }
  const excess = reader.end - offsets[frameCount];
  if (excess < 0) {
    reader.fail("payload", `${-excess} bytes are missing`, "TruncatedError", reader.end);
  }
  if (excess > 0) reader.fail("end", `${excess} bytes follow the last band`);
  return offsets;
}

/** 6.5, 7.3: the payloads of the bands of a frame, their checksums verified. */
export function readFrame(bytes, offset, lengths) {
  const reader = new Reader(bytes, offset - 4);
  reader.checksum = reader.u32("checksum");
  return Array.from(lengths, (length) => {
    const payload = reader.take(length, "payload");
    if (length) reader.checkChecksum();
    return payload;
  });
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

/** 6.1 */
export function* bandsOf({ height, bandRows }) {
  for (let number = 0, first = 0; first < height; number++, first += bandRows) {
    yield { number, first, rows: Math.min(bandRows, height - first) };
  }
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, crc) => {
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** 7.1: of bytes that follow those of the checksum `crc`. */
function crc32(bytes, crc) {
  crc = ~crc;
  for (const byte of bytes) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255];
  return ~crc >>> 0;
}
