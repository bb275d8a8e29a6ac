/**
 * A decoder of .kmq files to be laid beside spec/kmq.md: its sections, in its order, under its
 * names; numbers are sections. It shares no code with the kmcodec package, and needs nothing but
 * JavaScript.
 *
 *     const picture = decode(bytes);
 *     for (const { indices, duration } of picture.frames) show(toRGBA(picture, indices), duration);
 *
 * Loops over pixels make no objects, and their numbers are integers of 32 bits, which is what
 * engines compile well.
 */

/**
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {string} mode a name of 3.4
 * @property {number} channels bytes of an entry of the palette
 * @property {Uint8Array} palette the entries, in index order
 * @property {Map<string, Uint8Array>} metadata payloads by name
 * @property {number} frameCount 1 if it is no animation
 * @property {number} loopCount how often all frames are shown; 0 is for ever
 * @property {number} keyInterval
 * @property {Frames} frames
 */

/**
 * @typedef {object} Frame
 * @property {Uint8Array | Uint16Array} indices row by row, of 16 bits if there are more than 256
 *   colors
 * @property {number} duration in seconds; 0 if it is no animation
 */

/**
 * @typedef {object} Header
 * @property {number} coding
 * @property {{name: string, channels: number, mostColors: number}} mode
 * @property {number} flags
 * @property {number} width
 * @property {number} height
 * @property {number} colorCount
 * @property {number} bandRows
 * @property {number} bits
 * @property {number} rowBytes
 * @property {number} bandCount
 */

/**
 * How frames are timed, and the bytes of the payloads of their bands, one frame after the other.
 *
 * @typedef {object} Timing
 * @property {number} frameCount
 * @property {number} loopCount
 * @property {number} keyInterval
 * @property {number} ticksPerSecond
 * @property {ArrayLike<number>} ticks
 * @property {ArrayLike<number>} lengths
 */

/**
 * Decodes a file. All of it is verified at once but what is coded in the payloads of bands, whose
 * faults are met when `frames` come to them; until then `bytes` have to stay as they are.
 *
 * @param {Uint8Array} bytes the whole file
 * @param {{maxPixels?: number, maxFrames?: number, maxTotalPixels?: number}} [limits] (8.2)
 * @returns {Picture}
 * @throws {KmqError}
 */
export function decode(bytes, limits = {}) {
  if (!(bytes instanceof Uint8Array)) throw new TypeError("bytes must be a Uint8Array");
  const { maxPixels = 178_956_970, maxFrames = 2 ** 20, maxTotalPixels = 2 ** 40 } = limits;
  const reader = new Reader(bytes);
  const header = readHeader(reader);
  const { width, height, mode, flags } = header;
  checkLimit("width", 8, "pixels", width * height, maxPixels);
  const metadata = flags & METADATA ? readMetadata(reader) : new Map();
  const { palette, order } = readPalette(reader, header);
  const framesAt = reader.offset;
  const isAnimation = (flags & FRAMES) !== 0;
  const timing = isAnimation ? readFramesSection(reader, header) : timingOfPicture();
  const { frameCount, loopCount, keyInterval } = timing;
  checkLimit("frame_count", framesAt, "frames", frameCount, maxFrames);
  checkLimit("frame_count", framesAt, "pixels", frameCount * width * height, maxTotalPixels);
  reader.checkChecksum();
  const headEnd = reader.offset;
  if (isAnimation) verifyFrames(reader, timing);
  else timing.lengths = verifyBands(reader, header);
  if (reader.left > 0) fail("FormatError", "end", `${reader.left} bytes follow`, reader.offset);
  const frames = new Frames(bytes, header, order, timing, headEnd);
  const { name, channels } = mode;
  const described = { width, height, mode: name, channels, palette, metadata };
  return { ...described, frameCount, loopCount, keyInterval, frames };
}

/* ---- 8.1 Errors ---- */

/**
 * `name` is the class, `field` the field at fault, and `offset` where the fault is: where the field
 * begins or, in a TruncatedError, where the data ends.
 */
export class KmqError extends Error {
  /**
   * @param {string} name
   * @param {string} field
   * @param {string} fault
   * @param {number} offset
   */
  constructor(name, field, fault, offset) {
    super(`${field}: ${fault} (offset ${offset})`);
    Object.assign(this, { name, field, fault, offset });
  }
}

/** @returns {never} */
function fail(name, field, fault, offset) {
  throw new KmqError(name, field, fault, offset);
}

/* ---- 1 Conventions ---- */

const MOST = 2 ** 32 - 1;

/** Takes bytes in file order, and keeps the running checksum (7.1) of what was taken. */
class Reader {
  offset = 0;
  checksum = 0;
  shortage = "TruncatedError";

  constructor(bytes) {
    this.bytes = bytes;
    this.end = bytes.length;
  }

  get left() {
    return this.end - this.offset;
  }

  take(count, field) {
    if (count > this.left) {
      fail(this.shortage, field, `${count} bytes needed, ${this.left} left`, this.end);
    }
    const taken = this.bytes.subarray(this.offset, this.offset + count);
    this.offset += count;
    this.checksum = crc32(taken, this.checksum);
    return taken;
  }

  u8(field) {
    return this.take(1, field)[0];
  }

  u32(field) {
    return viewOf(this.take(4, field)).getUint32(0, true);
  }

  /** A varint of `least..most`; `name` is the field at fault if it is none. */
  varint(field, least, most, name = field) {
    const start = this.offset;
    let number = 0;
    let byte = 0x80;
    for (let size = 0; byte & 0x80; size++) {
      if (size === 5) fail("FormatError", name, "longer than 5 bytes", start);
      const isCut = size > 0 && this.left === 0 && this.shortage === "FormatError";
      if (isCut) fail("FormatError", name, "ends within a number", start);
      byte = this.u8(field);
      number += (byte & 0x7f) * 2 ** (7 * size);
      if (byte === 0 && size > 0) fail("FormatError", name, "the last byte is 0", start);
    }
    if (number > MOST) fail("FormatError", name, "2^32 or more", start);
    if (number < least || number > most) {
      fail("FormatError", field, `${number} is not in ${least}..${most}`, start);
    }
    return number;
  }

  /** The next `count` bytes as a reader of their own, to which they have to be enough. */
  part(count, field) {
    const part = new Reader(this.bytes);
    part.offset = this.offset;
    this.take(count, field);
    part.end = this.offset;
    part.shortage = "FormatError";
    return part;
  }

  /** 7.1 */
  checkChecksum() {
    const computed = this.checksum;
    const stored = this.u32("checksum");
    this.checksum = computed;
    if (stored === computed) return;
    const [a, b] = [stored, computed].map((number) => number.toString(16).padStart(8, "0"));
    fail("ChecksumError", "checksum", `stored ${a}, computed ${b}`, this.offset - 4);
  }
}

function viewOf(bytes) {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/* ---- 3 Header ---- */

const MAGIC = [0x8b, 0x4b, 0x4d, 0x51];

// 3.3
const MODELLED = 1;

// 3.4: name, bytes of an entry, most colors
const MODES = [
  { name: "BILEVEL", channels: 1, mostColors: 2 },
  { name: "L", channels: 1, mostColors: 256 },
  { name: "LA", channels: 2, mostColors: 65536 },
  { name: "P", channels: 3, mostColors: 256 },
  { name: "P_ALPHA", channels: 4, mostColors: 256 },
  { name: "PA", channels: 4, mostColors: 65536 },
  { name: "RGB", channels: 3, mostColors: 65536 },
  { name: "RGBA", channels: 4, mostColors: 65536 },
];

// 3.5
const METADATA = 1;
const CODED_PALETTE = 2;
const FRAMES = 12;

/** @returns {Header} */
function readHeader(reader) {
  // 3.1: the prefix of the magic decides whether the data is truncated or no .kmq file
  const start = reader.bytes.subarray(0, 4);
  if (start.length === 0 || start.some((byte, i) => byte !== MAGIC[i])) {
    fail("SignatureError", "magic", "not a .kmq file", 0);
  }
  const view = viewOf(reader.take(20, "header"));
  const check = (isRight, name, field, offset, value) => {
    if (!isRight) fail(name, field, `${value} is not allowed`, offset);
  };
  const [version, coding, modeNumber, flags] = [4, 5, 6, 7].map((at) => view.getUint8(at));
  const mode = MODES[modeNumber];
  check(version === 0, "UnsupportedError", "version", 4, version);
  check(coding <= MODELLED, "UnsupportedError", "coding", 5, coding);
  check(mode, "UnsupportedError", "mode", 6, modeNumber);
  check(flags < 16 && [0, FRAMES].includes(flags & FRAMES), "UnsupportedError", "flags", 7, flags);
  const [width, height] = [8, 12].map((at) => view.getUint32(at, true));
  check(width >= 1 && width <= 2 ** 30, "FormatError", "width", 8, width);
  check(height >= 1 && height <= 2 ** 30, "FormatError", "height", 12, height);
  const [colorCount, bandRows] = [16, 18].map((at) => view.getUint16(at, true) + 1);
  check(colorCount <= mode.mostColors, "FormatError", "color_count", 16, colorCount);
  const bits = 32 - Math.clz32(colorCount - 1);
  const rowBytes = Math.ceil((width * bits) / 8);
  const bandCount = Math.ceil(height / bandRows);
  // 3.9
  const isFewCells = (bandRows + 3) * (width + 16) <= 2 ** 28;
  const mostBands = flags & FRAMES ? 8 + Math.floor((width * height) / 2 ** 19) : Infinity;
  const isAllowed = bandRows <= height && bandRows * rowBytes < 2 ** 32
    && (coding !== MODELLED || (isFewCells && bandCount <= mostBands));
  check(isAllowed, "FormatError", "band_rows", 18, bandRows);
  return { coding, mode, flags, width, height, colorCount, bandRows, bits, rowBytes, bandCount };
}

/* ---- 4 Metadata ---- */

function readMetadata(reader) {
  const metadata = new Map();
  const sectionCount = reader.u8("section_count");
  const check = (isRight, field, fault, offset) => {
    if (!isRight) fail("FormatError", field, fault, offset);
  };
  check(sectionCount > 0, "section_count", "0", reader.offset - 1);
  let previous = "";
  let total = 0;
  for (let section = 0; section < sectionCount; section++) {
    const nameLength = reader.u8("name_length");
    check(nameLength >= 1 && nameLength <= 32, "name_length", "not in 1..32", reader.offset - 1);
    const name = String.fromCharCode(...reader.take(nameLength, "name"));
    const nameAt = reader.offset - nameLength;
    check(/^[a-z0-9_]+$/.test(name), "name", "a byte that is not of a-z, 0-9 and _", nameAt);
    check(name > previous, "name", "does not ascend", nameAt);
    previous = name;
    const length = reader.u32("length");
    const lengthAt = reader.offset - 4;
    check(length <= 2 ** 24, "length", `${length} exceeds 2^24`, lengthAt);
    total += length;
    check(total <= 2 ** 26, "length", `${total} bytes of metadata exceed 2^26`, lengthAt);
    check(name !== "dpi" || length === 16, "length", `${length} bytes of dpi`, lengthAt);
    const payload = reader.take(length, "payload");
    if (name === "dpi") {
      const dpi = [0, 8].map((at) => viewOf(payload).getFloat64(at, true));
      const isRight = dpi.every((each) => each > 0 && each < Infinity);
      check(isRight, "payload", `dpi of ${dpi}`, reader.offset - 16);
    }
    metadata.set(name, payload.slice());
  }
  return metadata;
}

/* ---- 5 Palette ---- */

/** The palette in index order, and the order of the codes, or null. */
function readPalette(reader, header) {
  const { colorCount, mode, flags } = header;
  const start = reader.offset;
  const { palette, order } = flags & CODED_PALETTE
    ? readCodedPalette(reader, header)
    : { palette: reader.take(colorCount * mode.channels, "palette").slice(), order: null };
  if (mode.name === "BILEVEL" && !["0", "255", "0,255"].includes(palette.join())) {
    fail("FormatError", "palette", "none of mode BILEVEL", start);
  }
  if (mode.name === "PA" && countPaletteColors(palette) > 256) {
    fail("FormatError", "palette", "more than 256 palette colors", start);
  }
  return { palette, order };
}

/** 5.2 */
function countPaletteColors(palette) {
  let count = 1;
  for (let i = 4; i < palette.length; i += 4) {
    const isEqual = [0, 1, 2].every((c) => palette[i + c] === palette[i + c - 4]);
    if (!isEqual || palette[i + 3] <= palette[i - 1]) count++;
  }
  return count;
}

/** 5.3 */
function readCodedPalette(reader, header) {
  const length = reader.varint("palette_length", 0, 2 ** 21 - 1);
  const offset = reader.offset;
  return decodePalette(reader.take(length, "palette_payload"), header, offset);
}

/** 5.3.1 */
export function decodePalette(payload, { coding, colorCount, mode: { channels } }, offset) {
  const decoder = new RangeDecoder(payload, "palette_payload", offset);
  const top = adaptives(16);
  const [alpha, green, red, blue, ranks] = Array.from({ length: 5 }, () => new Component(top));
  const entries = decoder.plain(1)
    ? decodeEntries(decoder, colorCount, channels, { alpha, green, red, blue })
    : Uint8Array.from({ length: colorCount * channels }, () => decoder.plain(8));
  const isOrdered = decoder.plain(1) === 1;
  if (isOrdered && coding !== MODELLED) decoder.fail("an order beside packed indices");
  const order = isOrdered ? decodeOrder(decoder, colorCount, ranks) : null;
  decoder.checkEnd();
  if (!order) return { palette: entries, order };
  const isIdentity = order.every((index, code) => index === code);
  if (isIdentity) decoder.fail("the order gives every code itself");
  const palette = new Uint8Array(entries.length);
  order.forEach((index, code) => {
    palette.set(entries.subarray(code * channels, (code + 1) * channels), index * channels);
  });
  return { palette, order };
}

/** An adaptive decision. */
class Adaptive {
  d = 2;

  constructor(p) {
    this.p = p;
  }

  decide(decoder) {
    const bit = decoder.decide(this.p, 16);
    if (bit) this.p += Math.floor((65536 - this.p) / this.d);
    else this.p -= Math.floor(this.p / this.d);
    if (this.d < 20) this.d++;
    return bit;
  }
}

function adaptives(count, p = 32768) {
  return Array.from({ length: count }, () => new Adaptive(p));
}

/** 5.3.2: what the residuals of one component are decided with. */
class Component {
  zero = adaptives(3);
  sign = adaptives(3);
  exponent = adaptives(15, 45056);

  constructor(top) {
    this.top = top;
  }

  /** A residual of -below..above; `earlier` is the one that gives the context. */
  residual(decoder, earlier, below, above) {
    const context = earlier === 0 ? 0 : earlier > 0 ? 1 : 2;
    if (below === 0 && above === 0) return 0;
    if (!this.zero[context].decide(decoder)) return 0;
    const isNegative = above === 0 || (below > 0 && this.sign[context].decide(decoder) === 1);
    const limit = isNegative ? below : above;
    let e = 0;
    while (2 << e <= limit && this.exponent[e].decide(decoder)) e++;
    let m = 1 << e;
    for (let b = e - 1; b >= 0; b--) {
      if (m + (1 << b) > limit) continue;
      m += (b === e - 1 ? this.top[e].decide(decoder) : decoder.plain(1)) << b;
    }
    return isNegative ? -m : m;
  }
}

/** 5.3.3 */
function decodeEntries(decoder, colorCount, channels, { alpha, green, red, blue }) {
  const clip = (x) => Math.min(Math.max(x, 0), 255);
  const hasAlpha = channels === 2 || channels === 4;
  const entries = new Uint8Array(colorCount * channels);
  let [A, R, G, B] = [0, 0, 0, 0];
  for (let at = 0; at < entries.length; at += channels) {
    const lastG = G;
    let residual = 0;
    if (hasAlpha) A += residual = alpha.residual(decoder, 0, A, 255 - A);
    G += residual = green.residual(decoder, residual, G, 255 - G);
    if (channels >= 3) {
      let predicted = clip(R + G - lastG);
      residual = red.residual(decoder, residual, predicted, 255 - predicted);
      R = predicted + residual;
      let [Gj, Bj, least] = [0, 0, Infinity];
      for (let j = at - channels; j >= 0 && j >= at - 32 * channels; j -= channels) {
        const g = entries[j + 1];
        const distance = 4 * Math.abs(entries[j] - g - (R - G)) + Math.abs(g - G);
        if (distance < least) [Gj, Bj, least] = [g, entries[j + 2], distance];
      }
      predicted = clip(Bj + G - Gj);
      B = predicted + blue.residual(decoder, residual, predicted, 255 - predicted);
    }
    if (channels >= 3) entries.set([R, G, B], at);
    else entries[at] = G;
    if (hasAlpha) entries[at + channels - 1] = A;
  }
  return entries;
}

/** 5.3.4: the index of each code. */
function decodeOrder(decoder, colorCount, ranks) {
  const order = new Uint16Array(colorCount);
  const left = new Ranking(colorCount);
  let [prediction, residual] = [0, 0];
  for (let code = 0; code < colorCount; code++) {
    const n = colorCount - code;
    residual = ranks.residual(decoder, residual, prediction, n - 1 - prediction);
    const rank = prediction + residual;
    order[code] = left.take(rank);
    prediction = rank < n - 1 ? rank : 0;
  }
  return order;
}

/** The numbers 0, 1, ..., of which each is taken by its rank, in log2(count) steps (Fenwick). */
class Ranking {
  constructor(count) {
    this.half = 2 ** Math.floor(Math.log2(count));
    this.sums = Int32Array.from({ length: count + 1 }, (_, i) => i & -i);
  }

  take(rank) {
    let at = 0;
    for (let step = this.half; step > 0; step >>= 1) {
      if (at + step < this.sums.length && this.sums[at + step] <= rank) {
        at += step;
        rank -= this.sums[at];
      }
    }
    for (let i = at + 1; i < this.sums.length; i += i & -i) this.sums[i]--;
    return at;
  }
}

/* ---- 6.1 Bands ---- */

/** Verifies the bands of a picture. Returns the bytes of their payloads. */
function verifyBands(reader, header) {
  const { coding, bandCount, rowBytes } = header;
  const lengths = []; // grows with the data, as each band has bytes
  for (let band = 0; band < bandCount; band++) {
    const length = reader.u32("length");
    const packed = rowsOf(header, band) * rowBytes;
    if (coding === MODELLED ? length > packed : length !== packed) {
      fail("FormatError", "length", `${length} bytes, ${packed} packed`, reader.offset - 4);
    }
    reader.take(length, "payload");
    reader.checkChecksum();
    lengths.push(length);
  }
  return lengths;
}

function rowsOf({ height, bandRows }, band) {
  return Math.min(bandRows, height - band * bandRows);
}

/* ---- 6.2 Coding packed ---- */

/** Unpacks a band, whose payload is at `offset`, to `indices`, from `start` on. */
export function unpack(payload, { width, bits, rowBytes, colorCount }, indices, start, offset) {
  const mask = (1 << bits) - 1;
  let at = start;
  for (let row = 0; row < payload.length; row += rowBytes) {
    let next = row;
    let window = 0; // of which the lowest `held` bits are not yet taken
    let held = 0;
    for (let x = 0; x < width; x++) {
      while (held < bits) {
        window = (window << 8) | payload[next++];
        held += 8;
      }
      held -= bits;
      const index = (window >>> held) & mask;
      if (index >= colorCount) {
        const byte = row + Math.floor((x * bits) / 8); // in which it begins
        fail("FormatError", "payload", `index ${index} of ${colorCount} colors`, offset + byte);
      }
      indices[at++] = index;
    }
    if (window & ((1 << held) - 1)) {
      fail("FormatError", "payload", "unused bits of a row are not zero", offset + next - 1);
    }
  }
}

/* ---- 6.3 Coding modelled ---- */

const sat = (x) => (x < -32768 ? -32768 : x > 32767 ? 32767 : x);
const R = (a, b) => (Math.imul(a, b) + 0x4000) >> 15;
const H = (a, b) => Math.imul(a, b) >> 16;

const PHOTO = 0; // the first decision

/* 6.3.1 Plane and neighbors */

const [
  mW, mN, mNW, mNE, mWW, mNN, mNEE, mNWW, mNNE, mNNW, mWWW, mNEEE, mX, mY, mPATH,
] = powersOf(0x9e3779b1, 15);

function powersOf(base, count) {
  const powers = [base | 0];
  while (powers.length < count) powers.push(Math.imul(powers.at(-1), base));
  return powers;
}

function mix(h) {
  return Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0;
}

function log(n, a, b) {
  return Math.min(Math.max(a, 32 - Math.clz32(n - 1)), b);
}

/* 6.3.2 Levels and logits: p(i) and e(i, bit) are at i + 1024 */

const P = new Uint16Array(2049);
const E0 = new Int16Array(2049);
const E1 = new Int16Array(2049);
for (let i = -1024; i <= 1024; i++) {
  const a = Math.abs(64 * i + 32);
  const o = (2048 + (a % 2048)) * 2 ** (a >> 11);
  const q = Math.floor((o * 65536) / (o + 2048));
  const p = Math.min(Math.max(16, i >= 0 ? q : 65536 - q), 65520);
  const isqrt = (x) => Math.floor(Math.sqrt(x)); // exact here, as 6.3.8 shows
  const t = isqrt(isqrt((4 * p * (65536 - p) + 85899346) * 2 ** 30) * 2);
  const e = (difference) => Math.floor((difference * 4117 + (t >> 1)) / t);
  P[i + 1024] = p;
  E0[i + 1024] = -e(p);
  E1[i + 1024] = e(65536 - p);
}

/* 6.3.3 Rare decisions */

const STEPS = Int32Array.from({ length: 256 }, (_, n) => Math.floor(2 ** 17 / (2 * n + 3)));

/** An array of states, of which each p is at first as given, or all are. */
class Rares {
  constructor(count, p, n = 0) {
    this.p = typeof p === "number" ? new Int32Array(count).fill(p) : Int32Array.from(p);
    this.n = new Uint8Array(count).fill(n);
  }

  decide(decoder, i) {
    const bit = decoder.decide(this.p[i], 22);
    this.learn(i, bit);
    return bit;
  }

  learn(i, bit) {
    const p = this.p[i];
    const n = this.n[i];
    const step = STEPS[n];
    // >> 16 is too narrow, as products have up to 38 bits
    if (bit) this.p[i] = p + Math.floor(((2 ** 22 - 1 - p) * step) / 65536);
    else this.p[i] = p - Math.floor((p * step) / 65536);
    if (n < 255) this.n[i] = n + 1;
  }
}

/** A band in coding modelled: its plane, and what both models need. */
class Band {
  constructor(rows, width, colorCount, plane) {
    this.rows = rows;
    this.width = width;
    this.pixels = rows * width;
    this.colorCount = colorCount;
    this.bits = 32 - Math.clz32(colorCount - 1);
    this.top = 1 << this.bits;
    this.levels = levelsOf(this.bits);
    this.stride = width + 16;
    // with one more row below, for 6.5.2
    this.plane = plane ?? allocate(Uint16Array, (rows + 4) * this.stride);
  }

  /** The place of the first pixel of a row. */
  placeOf(y) {
    return (y + 3) * this.stride + 8;
  }

  decode(decoder) {
    for (let y = 0; y < this.rows; y++) {
      this.beginRow(y);
      this.decodeRow(decoder, y);
      this.endRow(y);
    }
  }

  beginRow(y) {
    const first = this.placeOf(y);
    this.plane.fill(this.plane[first - this.stride], first - 8, first);
  }

  endRow(y) {
    const end = this.placeOf(y) + this.width;
    this.plane.fill(this.plane[end - 1], end, end + 8);
  }

  /** Puts the codes of all rows to `indices`, from `start` on, as indices. */
  putTo(indices, start, order) {
    const { plane, width } = this;
    for (let y = 0; y < this.rows; y++) {
      const first = this.placeOf(y);
      const to = start + y * width;
      if (!order) indices.set(plane.subarray(first, first + width), to);
      else for (let x = 0; x < width; x++) indices[to + x] = order[plane[first + x]];
    }
  }

  near(a, b, c) {
    const code = a + b - c;
    return code < 0 ? 0 : code >= this.colorCount ? this.colorCount - 1 : code;
  }
}

/** 6.3.2: the bits of each level. */
function levelsOf(bits) {
  const levels = [];
  const count = Math.ceil(bits / 4);
  for (let level = 0, left = bits; level < count; left -= levels[level++]) {
    levels.push(Math.ceil(left / (count - level)));
  }
  return Uint8Array.from(levels);
}

export function allocate(Numbers, count) {
  try {
    return new Numbers(count);
  } catch (error) {
    return fail("LimitError", "width", `${count} numbers do not fit in memory: ${error}`, 8);
  }
}

/* 6.3.4 Model photo */

// Of each context its rate, its first counter, and whether it is hashed.
const CONTEXTS = {
  A: [
    [1500, 18000], // W
    [1500, 12000], // NE
    [4300, 6800, true], // [Y>>4, X>>5]
    [1600, 13000, true], // [W, WW, WWW]
    [2000, 21000, true], // [N, NN]
    [1900, 16000, true], // [W, N, NE, NEE]
    [1500, 9700], // NEE
    [1300, 16000, true], // [W, N, NW]
    [11000, 8600, true], // [N, X>>4]
  ],
  B: [
    [1700, 13000], // NE
    [1500, 19000], // W
    [1400, 12000], // N
    [750, 2900], // near(N, N, NN)
    [1600, 4600], // NW
    [1100, 2600], // NNE
    [1500, 11000], // NEE
    [1800, 14000, true], // [W, WW]
    [1200, 11000, true], // [N, NN]
    [1800, 6900, true], // [W, N, NE, NEE]
    [1600, 2800], // NWW
    [4700, 4700, true], // [Y>>4, X>>5]
    [2600, 4500, true], // [W, X>>4]
    [1300, 8700, true], // [six'3]
  ],
  C: [
    [3300, 15000], // NE
    [4000, 32767], // W
    [3400, 20000], // N
    [3200, 6000], // NW
    [650, 8500, true], // [six'2]
    [3800, 8500, true], // [N, NN]
    [3700, 18000], // NEE
    [2200, 8000], // near(W, W, WW)
  ],
};
CONTEXTS.D = CONTEXTS.C.map(([rate, first]) => [rate, first, true]);

/** Model photo. A line is its counter and the logits of its nodes, from node 1 on. */
class Photo extends Band {
  constructor(rows, width, colorCount) {
    super(rows, width, colorCount);
    const { bits, pixels } = this;
    this.kind = bits <= 4 ? "A" : bits <= 6 ? "B" : bits <= 8 && pixels >= 4096 ? "C" : "D";
    const contexts = CONTEXTS[this.kind];
    this.logLines = log(2 * pixels, 7, "AC".includes(this.kind) ? 12 : 14);
    this.count = contexts.length;
    this.rates = Int32Array.from(contexts, ([rate]) => rate);
    this.isHashed = Uint8Array.from(contexts, ([, , isHashed]) => (isHashed ? 1 : 0));
    this.firstLines = new Int32Array(this.count + 1);
    for (let k = 0; k < this.count; k++) {
      const lines = this.isHashed[k] ? 2 ** this.logLines : this.directLines();
      this.firstLines[k + 1] = this.firstLines[k] + lines;
    }
    this.logSize = this.levels[0]; // no level has more bits than the first
    const size = 1 << this.logSize;
    this.lines = new Int16Array(size * this.firstLines[this.count]);
    for (let k = 0; k < this.count; k++) {
      const [, first] = contexts[k];
      const end = size * this.firstLines[k + 1];
      for (let at = size * this.firstLines[k]; at < end; at += size) this.lines[at] = first;
    }
    this.weights = new Int16Array(17 * 16 * 16).fill(2 ** 14); // [set][node][context]
    this.temperatures = new Int16Array(this.levels.length * 64 * 16).fill(2 ** 14);
    this.values = new Int32Array(this.count); // of each context its hash, or code
    this.at = new Int32Array(this.count); // of each context its line
    this.m = new Int32Array(this.count);
  }

  /** How many lines a direct context has, which are numbered by path and code. */
  directLines() {
    const [first, second] = this.levels;
    return (second ? 2 << first : 2) << this.bits;
  }

  decodeRow(decoder, y) {
    const { width, plane } = this;
    const first = this.placeOf(y);
    for (let x = 0; x < width; x++) plane[first + x] = this.decodeCode(decoder, x, y, first + x);
  }

  decodeCode(decoder, x, y, place) {
    const { plane, stride, levels } = this;
    const W = plane[place - 1];
    const N = plane[place - stride];
    const NW = plane[place - stride - 1];
    const NE = plane[place - stride + 1];
    const WW = plane[place - 2];
    const NN = plane[place - 2 * stride];
    const equal = equalOf(W, N, NW, NE, WW, NN);
    this.findValues(x, y, place);
    let path = 1;
    let left = this.bits;
    for (let level = 0; level < levels.length; level++) {
      left -= levels[level];
      path = this.decodeLevel(decoder, path, left, levels[level], (level * 64 + equal) * 16);
    }
    return path - this.top;
  }

  /** The bits of a level, behind `path`; `left` more follow in other levels. */
  decodeLevel(decoder, path, left, bits, temperature) {
    const { lines, weights, temperatures, at, m, count, kind } = this;
    this.findLines(path);
    const set = path === 1 ? 0 : 1 + (path & 15);
    const shift = kind === "A" ? 3 : 2;
    const end = this.colorCount + this.top;
    let node = 1;
    for (let after = left + bits - 1; after >= left; after--) {
      let bit = 0;
      const isForced = (2 * path + 1) << after >= end;
      if (!isForced) {
        const w = (set * 16 + node) * 16;
        let even = 0;
        let odd = 0;
        for (let k = 0; k < count; k += 2) {
          even = sat(even + H(lines[at[k] + node], weights[w + k]));
        }
        for (let k = 1; k < count; k += 2) {
          odd = sat(odd + H(lines[at[k] + node], weights[w + k]));
        }
        const sum = sat(2 * sat(even + odd));
        const T = temperatures[temperature + node];
        const i = (Math.imul(sum, T) >> 20) + 1024;
        bit = decoder.decide(P[i], 16);
        const e = bit ? E1[i] : E0[i];
        temperatures[temperature + node] = sat(T + R(e >> 2, sum));
        for (let k = 0; k < count; k++) {
          const place = at[k] + node;
          const logit = lines[place];
          weights[w + k] = sat(weights[w + k] + R(e >> shift, logit));
          lines[place] = sat(logit + R(e, m[k]));
        }
      }
      path = 2 * path + bit;
      node = 2 * node + bit;
    }
    return path;
  }

  /** The line of each context, and the m of its counter, which learns. */
  findLines(path) {
    const { lines, at, m, count, values, isHashed, firstLines, rates } = this;
    const { bits, logLines, logSize } = this;
    const step = path === 1 ? 0 : Math.imul(path, mPATH);
    for (let k = 0; k < count; k++) {
      const value = values[k];
      const line = isHashed[k] ? (value + step) >>> (32 - logLines) : (path << bits) | value;
      const place = (firstLines[k] + line) << logSize;
      const counter = lines[place];
      at[k] = place;
      m[k] = Math.max(counter, rates[k]);
      lines[place] = sat(counter + R(-250, m[k]));
    }
  }

  /** The hash of each context, or the code of a direct one. */
  findValues(x, y, place) {
    const { plane, stride, values, kind } = this;
    const W = plane[place - 1];
    const N = plane[place - stride];
    const NW = plane[place - stride - 1];
    const NE = plane[place - stride + 1];
    const WW = plane[place - 2];
    const NN = plane[place - 2 * stride];
    const NEE = plane[place - stride + 2];
    const xy = Math.imul(y >> 4, mY) + Math.imul(x >> 5, mX);
    if (kind === "A") {
      const WWW = plane[place - 3];
      values[0] = W;
      values[1] = NE;
      values[2] = xy;
      values[3] = Math.imul(W, mW) + Math.imul(WW, mWW) + Math.imul(WWW, mWWW);
      values[4] = Math.imul(N, mN) + Math.imul(NN, mNN);
      values[5] = Math.imul(W, mW) + Math.imul(N, mN) + Math.imul(NE, mNE) + Math.imul(NEE, mNEE);
      values[6] = NEE;
      values[7] = Math.imul(W, mW) + Math.imul(N, mN) + Math.imul(NW, mNW);
      values[8] = Math.imul(N, mN) + Math.imul(x >> 4, mX);
    } else if (kind === "B") {
      values[0] = NE;
      values[1] = W;
      values[2] = N;
      values[3] = this.near(N, N, NN);
      values[4] = NW;
      values[5] = plane[place - 2 * stride + 1]; // NNE
      values[6] = NEE;
      values[7] = Math.imul(W, mW) + Math.imul(WW, mWW);
      values[8] = Math.imul(N, mN) + Math.imul(NN, mNN);
      values[9] = Math.imul(W, mW) + Math.imul(N, mN) + Math.imul(NE, mNE) + Math.imul(NEE, mNEE);
      values[10] = plane[place - stride - 2]; // NWW
      values[11] = xy;
      values[12] = Math.imul(W, mW) + Math.imul(x >> 4, mX);
      values[13] = hashOfSix(W, N, NW, NE, WW, NN, this.bits - 3);
    } else {
      const isHashed = kind === "D";
      values[0] = isHashed ? Math.imul(NE, mNE) : NE;
      values[1] = isHashed ? Math.imul(W, mW) : W;
      values[2] = isHashed ? Math.imul(N, mN) : N;
      values[3] = isHashed ? Math.imul(NW, mNW) : NW;
      values[4] = hashOfSix(W, N, NW, NE, WW, NN, this.bits - 2);
      values[5] = Math.imul(N, mN) + Math.imul(NN, mNN);
      values[6] = isHashed ? Math.imul(NEE, mNEE) : NEE;
      const near = this.near(W, W, WW);
      values[7] = isHashed ? Math.imul(near, mW) : near;
    }
  }
}

function equalOf(W, N, NW, NE, WW, NN) {
  return (W === N ? 1 : 0) | (W === NW ? 2 : 0) | (N === NW ? 4 : 0) | (N === NE ? 8 : 0)
    | (W === WW ? 16 : 0) | (N === NN ? 32 : 0);
}

/** [six] of codes without their lower bits. */
function hashOfSix(W, N, NW, NE, WW, NN, shift) {
  return Math.imul(W >> shift, mW) + Math.imul(N >> shift, mN) + Math.imul(NW >> shift, mNW)
    + Math.imul(NE >> shift, mNE) + Math.imul(WW >> shift, mWW) + Math.imul(NN >> shift, mNN);
}

/* 6.3.5 What is certain in model graphics */

const NONE = -1; // no code is excluded, or an expert has none
const HALF = 2 ** 21; // of 2^22
const OF_BLOCKS = Array.from({ length: 2 * 16 }, (_, i) => Math.floor(2 ** 22 / ((i % 16) + 1)));
const OF_FLAT = Array.from({ length: 4 * 64 }, (_, i) => (i % 64 === 63 ? 2 ** 16 : HALF));

/** Model graphics. What differs in frames (6.5.2) is in methods that Changes has of its own. */
class Graphics extends Band {
  // the pixel: its column, place and neighbors
  x = 0;
  place = 0;
  W = 0;
  N = 0;
  NW = 0;
  NE = 0;
  WW = 0;
  NN = 0;
  NEE = 0;
  NWW = 0;
  NNE = 0;
  NNW = 0;
  WWW = 0;
  NEEE = 0;
  equal = 0;
  which = 0;
  isFlat = false;
  excluded = NONE;

  // 6.3.5
  offset = 0;
  run = 0;
  history = 0; // its last two bits
  kind = 0; // of the open block
  left = 0;
  rowOutcomes = 0;
  blockOutcomes = [0, 0];
  repeats = new Int32Array(33); // c
  repeat = new Rares(3 * 16, HALF); // [k][h]
  block = new Rares(4 * 2 * 4, 2 ** 16); // [relation][k][h]
  open = new Rares(2 * 16, OF_BLOCKS, 4); // [kind][left]
  refuse = new Rares(1, HALF);
  flat = new Rares(4 * 64, OF_FLAT); // [relation][which]
  trust = new Rares(4 * 16, 2 ** 19); // [relation][bit length of run]

  // 6.3.6
  matchOffset = 0;
  matchScore = 0;
  matchCode = 0;
  hits = new Uint16Array(64 * 4 * 8).fill(2 ** 15); // [equal][c][source]
  sources = new Int32Array(8);

  // 6.3.7: inputs 0 to 11 are of contexts, the others of experts: guess, match, here
  inputCount = 14;
  hashes = new Int32Array(12);
  at = new Int32Array(12); // of each context its line
  w1 = new Int16Array(17 * 16 * 16).fill(2662); // [set][node][context]
  base = new Int32Array(15); // w2 + w3 + w4
  inputs = new Int32Array(4 * 16); // [node of the level][input]
  nodes = new Int32Array(4);
  outcomes = new Int32Array(4);
  errors = new Int32Array(4);
  expertCodes = new Int32Array(3);
  expertStates = new Int32Array(3); // of each expert its state of level 0
  odds = new Int32Array(3);
  guesses = new Rares(32 * 4 * 4, 2 ** 20); // [sure][history][level]
  matches = new Rares(13 * 4 * 4, 2 ** 20); // [score][history][level]
  experts = [this.guesses, this.matches];
  levelCount = 0; // t

  constructor(rows, width, colorCount, plane, others = 256) {
    super(rows, width, colorCount, plane);
    const { pixels, levels } = this;
    this.logPlaces = log(pixels, 8, 16);
    this.by6 = new Int32Array(2 ** this.logPlaces);
    this.by12 = new Int32Array(2 ** this.logPlaces);
    this.last = new Uint16Array(2 ** this.logPlaces);
    this.above = new Int32Array(width);
    const logLines = (_, k) => log(2 * pixels, 7, k <= 4 && this.bits > 4 ? 15 : 13);
    this.logLines = Uint8Array.from({ length: 12 }, logLines);
    // a line is its check and the states of its nodes, each with its count in the lowest 4 bits
    this.firstLines = new Int32Array(13);
    this.logLines.forEach((log, k) => (this.firstLines[k + 1] = this.firstLines[k] + 2 ** log));
    this.lines = new Int16Array(16 * this.firstLines[12]);
    this.others = others;
    this.w2 = new Int16Array(levels.length * 64 * 16); // [level][equal][input]
    for (let at = 0; at < this.w2.length; at += 16) this.w2.fill(2500, at + 12, at + 15);
    this.w3 = new Int16Array(levels.length * 64 * 16); // [level][agree][input]
    this.w4 = new Int16Array(levels.length * others * 16); // [level][other][input]
  }

  decodeRow(decoder, y) {
    if (y > 0 && this.repeatsRow(decoder, y)) return;
    this.left = 0;
    const { width, plane } = this;
    for (let x = 0; x < width; ) {
      this.start(x, y);
      if (this.isBlock(decoder)) {
        x += 16;
      } else {
        plane[this.place] = this.decodeCode(decoder, y);
        x++;
      }
    }
  }

  /** Row: whether it repeats another, which then is copied. */
  repeatsRow(decoder, y) {
    const { repeats, plane, stride, width } = this;
    const first = this.placeOf(y);
    let d = 1;
    for (let each = 1; each <= 32; each++) {
      const isEqual = each < y && this.areEqual(first - stride, each * stride, width);
      repeats[each] = isEqual ? repeats[each] + 1 : 0;
      if (repeats[each] > repeats[d]) d = each;
    }
    const k = repeats[d] === 0 ? 0 : repeats[d] < d ? 1 : 2;
    const isNo = this.repeat.decide(decoder, k * 16 + (this.rowOutcomes & 15));
    this.rowOutcomes = (2 * this.rowOutcomes + isNo) & 15;
    if (!isNo) plane.copyWithin(first, first - d * stride, first - d * stride + width);
    return !isNo;
  }

  /** Whether cells from a place on equal those at an offset before them. */
  areEqual(place, offset, count) {
    const { plane } = this;
    for (let end = place + count; place < end; place++) {
      if (plane[place] !== plane[place - offset]) return false;
    }
    return true;
  }

  /** Whether cells from a place on are all of one code. */
  areAll(code, place, count) {
    const { plane } = this;
    for (let end = place + count; place < end; place++) {
      if (plane[place] !== code) return false;
    }
    return true;
  }

  /** Begins a pixel. */
  start(x, y) {
    const { plane, stride } = this;
    const place = this.placeOf(y) + x;
    const north = place - stride;
    const north2 = north - stride;
    this.x = x;
    this.place = place;
    const W = (this.W = plane[place - 1]);
    const N = (this.N = plane[north]);
    const NW = (this.NW = plane[north - 1]);
    const NE = (this.NE = plane[north + 1]);
    const WW = (this.WW = plane[place - 2]);
    const NN = (this.NN = plane[north2]);
    this.NEE = plane[north + 2];
    this.NWW = plane[north - 2];
    this.NNE = plane[north2 + 1];
    this.NNW = plane[north2 - 1];
    this.WWW = plane[place - 3];
    this.NEEE = plane[north + 3];
    this.equal = equalOf(W, N, NW, NE, WW, NN);
    this.which = (W === this.NEE ? 1 : 0) | (W === this.NWW ? 2 : 0) | (W === this.NNE ? 4 : 0)
      | (W === this.NNW ? 8 : 0) | (W === this.WWW ? 16 : 0) | (W === this.NEEE ? 32 : 0);
    this.isFlat = W === N && W === NE && W === NW && W === WW && W === NN;
  }

  /** In stills all states are of relation 0. */
  relation(_code) {
    return 0;
  }

  get isHeard() {
    return this.offset !== 0 && this.run >= 4;
  }

  /** Block: whether 16 pixels from this one on are as they should be, and are set. */
  isBlock(decoder) {
    const { plane, stride, place, W, offset, run } = this;
    if (this.x + 16 > this.width || this.left !== 0) return false;
    const isPlain = this.isFlat && this.which === 63;
    const isFar = offset >>> 0 >= 16; // offsets are modulo 2^32 (6.5.2)
    let code = W; // of the first pixel
    let k = 0;
    if (isFar && run >= 32 && !(isPlain && plane[place - offset] === W)) {
      if (!this.areEqual(place - stride - 2, offset, 20)) return false;
      code = plane[place - offset];
      k = 1;
    } else {
      if (!isPlain || !this.areAll(W, place - stride - 2, 20)) return false;
      if (this.isHeard && !(isFar && this.areAll(W, place - offset, 16))) return false;
    }
    if (code === this.excluded) return false;
    const h = this.blockOutcomes[k];
    const isNo = this.block.decide(decoder, (this.relation(code) * 2 + k) * 4 + h);
    this.blockOutcomes[k] = (2 * h + isNo) & 3;
    if (isNo) {
      this.kind = k;
      this.left = 16;
      return false;
    }
    if (k === 1) {
      plane.copyWithin(place, place - offset, place - offset + 16);
      this.run += 16;
    } else {
      plane.fill(W, place, place + 16);
    }
    return true;
  }

  /** Pixel. */
  decodeCode(decoder, y) {
    const { plane, place, W, offset, excluded, isFlat } = this;
    const expected = plane[place - offset];
    // 1
    const kind = isFlat ? 0 : 1;
    const code = isFlat ? W : expected;
    const isQuestion = isFlat || (offset !== 0 && this.run >= 32);
    if (!isQuestion || code === excluded) {
      this.left = 0;
      return this.decodeUncertain(decoder, y, excluded);
    }
    // 2
    const isAgainst = isFlat && this.isHeard && expected !== W;
    let isNo;
    if (this.left !== 0 && this.kind === kind && !isAgainst) {
      this.left--;
      isNo = this.left === 0 ? 1 : this.open.decide(decoder, kind * 16 + this.left);
      if (isNo) this.left = 0;
    } else {
      // 3
      this.left = 0;
      const relation = this.relation(code);
      if (isAgainst) {
        isNo = this.refuse.decide(decoder, 0);
      } else if (kind === 0) {
        isNo = this.flat.decide(decoder, relation * 64 + this.which);
      } else {
        const state = relation * 16 + Math.min(12, 32 - Math.clz32(this.run));
        if (this.trust.p[state] >= 2 ** 14) {
          const known = this.decodeUncertain(decoder, y, excluded);
          this.trust.learn(state, known !== code);
          return known;
        }
        isNo = this.trust.decide(decoder, state);
      }
    }
    // 5
    if (isNo) return this.decodeUncertain(decoder, y, code);
    // 4
    if (offset === 0) return code;
    if (expected !== code) {
      this.run = 0;
      this.remember(1);
    } else if (!isFlat) {
      this.run++;
      this.above[this.x] = offset;
      this.remember(0);
    }
    return code;
  }

  remember(missed) {
    this.history = (2 * this.history + missed) & 3;
  }

  /* 6.3.6 Match and guess */

  decodeUncertain(decoder, y, excluded) {
    const { W, N, NW, NE, WW, NN, hits, sources, last, history, expertCodes, expertStates } = this;
    this.findMatch();
    const { matchOffset, matchScore, matchCode } = this;

    const hash = Math.imul(W, mW) + Math.imul(N, mN) + Math.imul(NW, mNW) + Math.imul(NE, mNE);
    const entry = mix(hash) >>> (32 - this.logPlaces);
    sources[0] = matchOffset !== 0 ? matchCode : W;
    sources[1] = last[entry] !== 0 ? last[entry] - 1 : W;
    sources[2] = W;
    sources[3] = N;
    sources[4] = this.near(W, N, NW);
    sources[5] = this.near(W, W, WW);
    sources[6] = this.near(N, NE, this.NNE);
    sources[7] = this.near(N, N, NN);
    const c = matchOffset === 0 ? 0 : matchScore < 9 ? 1 : matchScore < 12 ? 2 : 3;
    const first = (this.equal * 4 + c) * 8;
    let best = 0;
    for (let source = 1; source < 8; source++) {
      if (hits[first + source] > hits[first + best]) best = source;
    }
    const sure = hits[first + best] >> 11;
    expertCodes[0] = sources[best];
    expertStates[0] = (sure * 4 + history) * 4;
    expertCodes[1] = matchOffset !== 0 ? matchCode : NONE;
    expertStates[1] = (matchScore * 4 + history) * 4;

    const code = this.decodeBits(decoder, y, excluded);

    last[entry] = code + 1;
    for (let source = 0; source < 8; source++) {
      const h = hits[first + source];
      hits[first + source] = sources[source] === code ? h + ((65535 - h) >> 5) : h - (h >> 5);
    }
    if (matchOffset === 0) {
      this.offset = this.run = 0;
      return code;
    }
    const missed = matchCode !== code;
    if (missed || matchOffset !== this.offset) this.run = 0;
    if (!missed) this.run++;
    this.offset = missed ? 0 : matchOffset;
    this.remember(missed ? 1 : 0);
    this.above[this.x] = matchOffset;
    return code;
  }

  findMatch() {
    const { place, by6, by12, logPlaces } = this;
    const { W, N, NW, NE, WW, NN, NEE, NWW, NNE, NNW, WWW, NEEE } = this;
    const six = hashOfSix(W, N, NW, NE, WW, NN, 0);
    const all = six + Math.imul(NEE, mNEE) + Math.imul(NWW, mNWW) + Math.imul(NNE, mNNE)
      + Math.imul(NNW, mNNW) + Math.imul(WWW, mWWW) + Math.imul(NEEE, mNEEE);
    const entry12 = mix(all) >>> (32 - logPlaces);
    const entry6 = mix(six) >>> (32 - logPlaces);
    this.matchOffset = this.matchCode = 0;
    this.matchScore = 3; // to exceed
    this.tryMatch(this.offset);
    this.tryMatch(this.above[this.x]);
    if (by12[entry12] !== 0) this.tryMatch(place - by12[entry12]);
    if (by6[entry6] !== 0) this.tryMatch(place - by6[entry6]);
    if (this.matchOffset === 0) this.matchScore = 0;
    by12[entry12] = by6[entry6] = place;
  }

  tryMatch(offset) {
    if (!this.isOffset(offset)) return;
    const { plane, stride } = this;
    const there = this.place - offset;
    const north = there - stride;
    const north2 = north - stride;
    const score = (plane[there - 1] === this.W ? 1 : 0) + (plane[north] === this.N ? 1 : 0)
      + (plane[north - 1] === this.NW ? 1 : 0) + (plane[north + 1] === this.NE ? 1 : 0)
      + (plane[there - 2] === this.WW ? 1 : 0) + (plane[north2] === this.NN ? 1 : 0)
      + (plane[north + 2] === this.NEE ? 1 : 0) + (plane[north - 2] === this.NWW ? 1 : 0)
      + (plane[north2 + 1] === this.NNE ? 1 : 0) + (plane[north2 - 1] === this.NNW ? 1 : 0)
      + (plane[there - 3] === this.WWW ? 1 : 0) + (plane[north + 3] === this.NEEE ? 1 : 0);
    if (score <= this.matchScore) return;
    this.matchOffset = offset;
    this.matchScore = score;
    this.matchCode = plane[there];
  }

  isOffset(offset) {
    return offset !== 0;
  }

  /* 6.3.7 Bits in model graphics */

  decodeBits(decoder, y, excluded) {
    this.findHashes(y);
    const { levels } = this;
    const other = this.other();
    let path = 1;
    let left = this.bits;
    for (let level = 0; level < levels.length; level++) {
      left -= levels[level];
      path = this.decodeLevel(decoder, path, left, level, other, excluded);
    }
    return path - this.top;
  }

  other() {
    const { W, N, NW, NE, WW, NN, NEE, NWW, NNE, NNW } = this;
    return (NE === NEE ? 1 : 0) | (NW === NWW ? 2 : 0) | (W === NE ? 4 : 0) | (NE === NNE ? 8 : 0)
      | (NW === NNW ? 16 : 0) | (WW === NWW ? 32 : 0) | (N === WW ? 64 : 0) | (W === NN ? 128 : 0);
  }

  findHashes(y) {
    const { hashes, plane, place, bits, x } = this;
    const { W, N, NW, NE, WW, NN, NEE, NWW, NNE, NNW, WWW, NEEE } = this;
    let streak = 0;
    while (streak < 31 && plane[place - 1 - streak] === W) streak++;
    const edge = Math.min(Math.max(this.near(W, N, NW), Math.min(W, N)), Math.max(W, N));
    const by4 = bits > 4 ? bits - 4 : 0;
    const by2 = bits > 2 ? bits - 2 : 0;
    hashes[0] = Math.imul(W, mW) + Math.imul(WW, mWW);
    hashes[1] = Math.imul(W, mW) + Math.imul(NEE, mNEE);
    hashes[2] = Math.imul(N, mN) + Math.imul(NN, mNN);
    hashes[3] = Math.imul(W, mW) + Math.imul(N, mN) + Math.imul(NW, mNW) + Math.imul(NE, mNE);
    hashes[4] = Math.imul(W >> by4, mW) + Math.imul(N >> by4, mN) + Math.imul(NW >> by4, mNW)
      + Math.imul(NE >> by4, mNE);
    hashes[5] = hashOfSix(W, N, NW, NE, WW, NN, by2) + Math.imul(NEE >> by2, mNEE)
      + Math.imul(NWW >> by2, mNWW) + Math.imul(NNE >> by2, mNNE) + Math.imul(NNW >> by2, mNNW)
      + Math.imul(WWW >> by2, mWWW) + Math.imul(NEEE >> by2, mNEEE);
    hashes[6] = Math.imul(y >> 3, mY) + Math.imul(x >> 4, mX);
    hashes[7] = Math.imul(NE, mNE);
    hashes[8] = Math.imul(NW, mNW);
    hashes[9] = Math.imul(edge, mN);
    hashes[10] = Math.imul(this.near(W, NE, N), mNN);
    hashes[11] = Math.imul(W, mW) + Math.imul(streak, mX);
  }

  /** The bits of a level, behind `path`; `left` more follow in other levels. */
  decodeLevel(decoder, path, left, level, other, excluded) {
    const { lines, w1, w2, w3, w4, base, at, inputs, nodes, outcomes, errors, inputCount } = this;
    const { expertCodes, odds, top } = this;
    const begin = left + this.levels[level]; // bits of a code behind path
    this.findLines(path);
    this.findOdds(path, begin, level);
    const set = path === 1 ? 0 : 1 + (path & 15);
    const at2 = (level * 64 + this.equal) * 16;
    const at3 = (level * 64 + this.agree(path, begin)) * 16;
    const at4 = (level * this.others + other) * 16;
    for (let k = 0; k < inputCount; k++) {
      base[k] = sat(sat(w2[at2 + k] + w3[at3 + k]) + w4[at4 + k]);
    }

    const end = this.colorCount + top;
    let node = 1;
    let depth = 0;
    for (let after = begin - 1; after >= left; after--, depth++) {
      const to = depth * 16;
      let bit = 0;
      let error = 0;
      const isForced = (2 * path + 1) << after >= end;
      if (after === 0 && excluded !== NONE && !isForced && (excluded + top) >> 1 === path) {
        bit = (excluded & 1) ^ 1;
      } else if (!isForced) {
        const w = (set * 16 + node) * 16;
        let z = 0;
        for (let k = 0; k < 12; k++) {
          const state = 2 * lines[at[k] + node]; // never beyond 16 bits
          const square = H(state, state);
          const input = H(state, (square >> 2) + H(square, square) + 10650);
          inputs[to + k] = input;
          z = sat(z + H(input, sat(w1[w + k] + base[k])));
        }
        for (let k = 12; k < inputCount; k++) {
          const own = expertCodes[k - 12] + top;
          const takesPart = odds[k - 12] !== 0 && own >> (after + 1) === path;
          const input = takesPart ? R(odds[k - 12], (own >> after) & 1 ? 32766 : -32766) : 0;
          inputs[to + k] = input;
          z = sat(z + H(input, base[k]));
        }
        const p = P[(sat(2 * sat(2 * z)) >> 6) + 1024];
        bit = decoder.decide(p, 16);
        error = (65536 * bit - p) >> 3;
      }
      nodes[depth] = node;
      outcomes[depth] = bit;
      errors[depth] = error;
      path = 2 * path + bit;
      node = 2 * node + bit;
    }

    const rate = 800 + Math.floor((900 * 2 ** 13) / ((this.levelCount & ~255) + 2 ** 13));
    this.levelCount++;
    this.learnLines(depth);
    this.learnWeights(depth, set, rate, at2, at3, at4);
    this.learnExperts(path, left, level);
    return path;
  }

  /** Lines: the one of each context. */
  findLines(path) {
    const { hashes, logLines, lines, firstLines, at } = this;
    const step = path === 1 ? 0 : Math.imul(path, mPATH);
    for (let k = 0; k < 12; k++) {
      const h = mix(hashes[k] + step);
      const first = 16 * (firstLines[k] + 2 * (h >>> (33 - logLines[k])));
      if (k < 7) at[k] = lineOf(lines, first, ((h | 1) << 16) >> 16);
      else at[k] = first + 16 * ((h >>> 8) & 1);
    }
  }

  /** Experts: the odds of those that take part; 0 for the others. */
  findOdds(path, begin, level) {
    const { experts, expertCodes, expertStates, odds, top } = this;
    for (let each = 0; each < experts.length; each++) {
      const code = expertCodes[each];
      odds[each] = 0;
      if (code === NONE || (code + top) >> begin !== path) continue;
      const p = experts[each].p[expertStates[each] + level];
      odds[each] = Math.min(Math.max(L(2 ** 22 - p) - L(p), -24576), 24576);
    }
  }

  agree(path, begin) {
    const { W, N, NE, NW, WW, NN, top } = this;
    return ((W + top) >> begin === path ? 1 : 0) | ((N + top) >> begin === path ? 2 : 0)
      | ((NE + top) >> begin === path ? 4 : 0) | ((NW + top) >> begin === path ? 8 : 0)
      | ((WW + top) >> begin === path ? 16 : 0) | ((NN + top) >> begin === path ? 32 : 0);
  }

  learnLines(depth) {
    const { lines, at, nodes, outcomes } = this;
    for (let each = 0; each < depth; each++) {
      const target = outcomes[each] ? 16383 : -16383;
      for (let k = 0; k < 12; k++) {
        const place = at[k] + nodes[each];
        const v = lines[place];
        const count = v & 15;
        const state = (v + R(target - v, 256 * RATES[count]) - 7) & -16;
        lines[place] = state | (count < 15 ? count + 1 : 15);
      }
    }
  }

  learnWeights(depth, set, rate, at2, at3, at4) {
    const { w1, w2, w3, w4, nodes, inputs, errors, inputCount } = this;
    for (let each = 0; each < depth; each++) {
      const w = (set * 16 + nodes[each]) * 16;
      const learned = R(2 * errors[each], rate);
      if (learned === 0) continue;
      for (let k = 0; k < 12; k++) w1[w + k] = sat(w1[w + k] + R(inputs[each * 16 + k], learned));
    }
    for (let k = 0; k < inputCount; k++) {
      let D = 0;
      for (let each = 0; each < depth; each++) D += Math.imul(inputs[each * 16 + k], errors[each]);
      const learned = R(sat(D >> 14), rate);
      w2[at2 + k] = sat(w2[at2 + k] + learned);
      w3[at3 + k] = sat(w3[at3 + k] + learned);
      w4[at4 + k] = sat(w4[at4 + k] + learned);
    }
  }

  learnExperts(path, left, level) {
    const { experts, expertCodes, expertStates, top } = this;
    const bits = this.levels[level];
    for (let each = 0; each < experts.length; each++) {
      const own = expertCodes[each] + top; // of which `left` bits are in other levels
      if (expertCodes[each] === NONE || own >> (left + bits) !== path >> bits) continue;
      experts[each].learn(expertStates[each] + level, own >> left !== path);
    }
  }
}

/** The line of a pair that has a check, or is to have it. */
function lineOf(lines, first, check) {
  if (lines[first] === check) return first;
  const second = first + 16;
  if (lines[second] === check) return second;
  const at = (lines[second + 1] & 15) < (lines[first + 1] & 15) ? second : first;
  lines.fill(0, at, at + 16);
  lines[at] = check;
  return at;
}

function L(v) {
  const k = 31 - Math.clz32(v);
  return 2048 * (k - 1) + Math.floor((2048 * v) / (1 << k));
}

/** r(count) */
const RATES = Uint8Array.from({ length: 16 }, (_, n) => Math.floor((5 * n + 1286) / (10 * n + 12)));

/** 6.3.8: p, e and r, whose CRC-32 the specification has. */
export const CHECK_VALUES = { p: P, e0: E0, e1: E1, r: Uint16Array.from(RATES) };

/* ---- 6.4 Range decoder ---- */

/** Range and value have 64 bits each, of which the upper and the lower 32 are apart. */
export class RangeDecoder {
  constructor(payload, field, offset) {
    this.payload = payload;
    this.field = field;
    this.offset = offset;
    this.position = 0;
    this.rangeHigh = this.rangeLow = MOST;
    this.valueHigh = this.word();
    this.valueLow = this.word();
    if (this.valueHigh === MOST && this.valueLow === MOST) this.fail("8 bytes of ff");
  }

  fail(fault) {
    fail("FormatError", this.field, fault, this.offset);
  }

  /** The next 4 bytes as a number; those beyond the end are 0. */
  word() {
    let word = 0;
    for (let end = this.position + 4; this.position < end; this.position++) {
      word = (word << 8) | (this.position < this.payload.length ? this.payload[this.position] : 0);
    }
    return word >>> 0;
  }

  /** 6.4.1, with p in units of 2^-unit, where unit is 16 or 22. */
  decide(p, unit) {
    // bound = (range >> unit) * p: the product of the lower 32 bits has up to 54, of which a double
    // may lose the last, so its own lower 32 bits are computed apart
    const lower = ((this.rangeHigh << (32 - unit)) | (this.rangeLow >>> unit)) >>> 0;
    const boundLow = Math.imul(lower, p) >>> 0;
    const carried = (lower * p - boundLow) / 2 ** 32 + 0.5;
    const boundHigh = ((this.rangeHigh >>> unit) * p + carried) >>> 0;
    let bit = 1;
    if (this.valueHigh < boundHigh || (this.valueHigh === boundHigh && this.valueLow < boundLow)) {
      this.rangeHigh = boundHigh;
      this.rangeLow = boundLow;
    } else {
      bit = 0;
      this.valueHigh = this.valueHigh - boundHigh - (this.valueLow < boundLow ? 1 : 0);
      this.valueLow = (this.valueLow - boundLow) >>> 0;
      this.rangeHigh = this.rangeHigh - boundHigh - (this.rangeLow < boundLow ? 1 : 0);
      this.rangeLow = (this.rangeLow - boundLow) >>> 0;
    }
    if (this.rangeHigh === 0) this.renormalize();
    return bit;
  }

  renormalize() {
    this.rangeHigh = this.rangeLow;
    this.rangeLow = 0;
    this.valueHigh = this.valueLow;
    this.valueLow = this.word();
    if (this.position > this.payload.length + 64) this.fail("read to more than 64 bytes beyond");
  }

  /** 5.3.1: a plain number. */
  plain(bits) {
    let number = 0;
    while (bits-- > 0) number = 2 * number + this.decide(32768, 16);
    return number;
  }

  /** 6.4.2 */
  checkEnd() {
    const n = this.payload.length;
    const beyond = this.position - n;
    if (beyond < 0) this.fail(`the last ${-beyond} bytes are not read`);
    if (n === 0 || beyond === 64) return;
    const last = this.payload[n - 1];
    if (last === 0) this.fail("the last byte is 0");
    const unit = 1n << BigInt(8 * beyond);
    const range = (BigInt(this.rangeHigh) << 32n) + BigInt(this.rangeLow);
    const value = (BigInt(this.valueHigh) << 32n) + BigInt(this.valueLow);
    const isShortest = value < unit && value + BigInt(256 - last) * unit >= range;
    if (!isShortest) this.fail("not the shortest bytes of its decisions");
  }
}

/* ---- 6.5 Frames ---- */

/** The timing of a picture that is no animation. @returns {Timing} */
function timingOfPicture() {
  const timed = { ticksPerSecond: 1, ticks: [0] };
  return { frameCount: 1, loopCount: 1, keyInterval: 1, ...timed, lengths: [] };
}

/** 6.5.1 @returns {Timing} */
function readFramesSection(outer, header) {
  const { coding, bandCount, rowBytes, colorCount } = header;
  const reader = outer.part(outer.varint("frames_length", 0, MOST), "frames_payload");
  const number = (field, least, most) => reader.varint(field, least, most, "frames_payload");
  const frameCount = number("frame_count", 2, 2 ** 24);
  const loopCount = number("loop_count", 0, MOST);
  const ticksPerSecond = number("ticks_per_second", 1, MOST);
  const keyInterval = number("key_interval", 1, frameCount);
  const runs = []; // what is allocated has its length compared with the data first
  for (let frame = 0, before = NONE; frame < frameCount; ) {
    const offset = reader.offset;
    const ticks = number("ticks", 0, MOST);
    if (ticks === before) fail("FormatError", "ticks", `${ticks} again`, offset);
    const run = number("run", 1, frameCount - frame);
    runs.push([ticks, run]);
    before = ticks;
    frame += run;
  }
  const count = frameCount * bandCount;
  if (count > reader.left) fail("FormatError", "length", "too few", reader.end);
  const ticks = new Uint32Array(frameCount);
  let start = 0;
  for (const [each, run] of runs) ticks.fill(each, start, (start += run));
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const offset = reader.offset;
    const length = (lengths[i] = number("length", 0, MOST));
    const packed = rowsOf(header, i % bandCount) * rowBytes;
    const isKey = Math.floor(i / bandCount) % keyInterval === 0;
    const isFree = coding === MODELLED && colorCount > 1;
    const isRight = isFree || length === packed || (length === 0 && !isKey);
    if (!isRight) fail("FormatError", "length", `${length} bytes, ${packed} packed`, offset);
  }
  if (reader.left > 0) fail("FormatError", "length", "too many", reader.offset);
  return { frameCount, loopCount, keyInterval, ticksPerSecond, ticks, lengths };
}

/** Verifies the bands of all frames. */
function verifyFrames(reader, { lengths }) {
  const size = lengths.reduce((sum, length) => sum + length + (length > 0 ? 4 : 0), 0);
  if (size > reader.left) fail("TruncatedError", "payload", `${size} bytes needed`, reader.end);
  if (size < reader.left) {
    fail("FormatError", "end", `${reader.left - size} bytes follow`, reader.offset + size);
  }
  for (const length of lengths) {
    reader.take(length, "payload");
    if (length > 0) reader.checkChecksum();
  }
}

/** The frames of a file, decoded one after the other, anew whenever they are asked for. */
class Frames {
  #bytes;
  #header;
  #order;
  #timing;
  #headEnd;

  constructor(bytes, header, order, timing, headEnd) {
    this.#bytes = bytes;
    this.#header = header;
    this.#order = order;
    this.#timing = timing;
    this.#headEnd = headEnd;
  }

  /** @returns {Iterator<Frame>} */
  [Symbol.iterator]() {
    return this.from(0);
  }

  /**
   * All but the frames before `first`, of which those since the last key frame are decoded. A frame
   * that is as the one before has the same array.
   *
   * @param {number} first
   * @returns {Generator<Frame, void, void>}
   * @throws {KmqError} for the payload of a band
   */
  *from(first) {
    const { width, height, colorCount, bandCount } = this.#header;
    const { frameCount, keyInterval, ticks, ticksPerSecond, lengths } = this.#timing;
    if (!(Number.isInteger(first) && first >= 0 && first < frameCount)) {
      throw new RangeError(`no frame ${first} of ${frameCount}`);
    }
    const key = first - (first % keyInterval);
    const bands = new Array(bandCount);
    let indices = allocate(colorCount > 256 ? Uint16Array : Uint8Array, width * height);
    const isAnimation = frameCount > 1;
    let offset = this.#headEnd;
    let isGiven = false; // to the caller, whose the array is then
    for (let frame = 0, i = 0; frame < frameCount; frame++) {
      const isKey = frame % keyInterval === 0;
      for (let band = 0; band < bandCount; band++) {
        const length = lengths[i++];
        if (!isAnimation) offset += 4;
        // with one color all indices are 0, and what has no bytes is as in the frame before
        if (frame >= key && colorCount > 1 && (isKey || length > 0)) {
          if (isGiven) indices = indices.slice();
          isGiven = false;
          this.#decodeBand(bands, band, offset, length, isKey, indices);
        }
        offset += length;
        if (length > 0 || !isAnimation) offset += 4;
      }
      if (frame < first) continue;
      isGiven = true;
      yield { indices, duration: ticks[frame] / ticksPerSecond };
    }
  }

  /** Decodes a band of a frame; `bands` are those of the frames before, where these are needed. */
  #decodeBand(bands, band, offset, length, isKey, indices) {
    const header = this.#header;
    const payload = this.#bytes.subarray(offset, offset + length);
    const start = band * header.bandRows * header.width;
    if (header.coding !== MODELLED) {
      unpack(payload, header, indices, start, offset);
      return;
    }
    const decoder = new RangeDecoder(payload, "payload", offset);
    const rows = rowsOf(header, band);
    const decoded = isKey
      ? decodeKey(decoder, rows, header, this.#timing.keyInterval > 1)
      : decodeChanges(decoder, bands[band]);
    decoder.checkEnd();
    decoded.putTo(indices, start, this.#order);
    if (this.#timing.keyInterval > 1) bands[band] = decoded;
  }
}

/** 6.3: a band that needs no other, but may be needed by those of the next frames. */
export function decodeKey(decoder, rows, { width, colorCount }, isNeeded) {
  const isPhoto = decoder.plain(1) === PHOTO;
  const model = isPhoto ? Photo : isNeeded ? Changes : Graphics;
  const band = new model(rows, width, colorCount);
  band.decode(decoder);
  return band;
}

/** 6.5.2: a band decoded from that of the frame before. */
export function decodeChanges(decoder, before) {
  const { rows, width, colorCount, plane } = before;
  const band = before instanceof Changes ? before : new Changes(rows, width, colorCount, plane);
  band.decodeFrame(decoder);
  return band;
}

/* 6.5.2 Frames in coding modelled */

/** Model graphics of an animation: a key frame, then frames that are decoded from one another. */
class Changes extends Graphics {
  time = 0; // of the frame; 0 is the key frame
  isAboveChanged = false;
  stayOutcomes = 0;
  rest = 0;
  lastX = 0; // column of the last changed pixel of the row
  here = 0;
  changed = 0;
  alike = 0;
  east = 0; // e
  south = 0; // s
  before = null; // the plane at the end of the frame before, where rows have changed
  row = new Rares(4 * 4, 2 ** 19); // [h][age]
  stay = new Rares(4 * 4 * 8, 2 ** 18); // [h][age][where]
  within = new Rares(2 * 16, OF_BLOCKS, 4); // [alike is 15][rest]
  quiet = new Rares(4 * 8 * 16, 2 ** 18); // [age][where][alike]
  busy = new Rares(4 * 16 * 16, 2 ** 20); // [age][changed][alike]
  asBefore = new Rares(16 * 16 * 4, 2 ** 20); // before[changed][alike][level]

  constructor(rows, width, colorCount, plane) {
    super(rows, width, colorCount, plane, 2 * 256); // of `other`, and of changed and alike
    this.experts = [this.guesses, this.matches, this.asBefore];
    this.expertCodes[2] = NONE;
    this.rowTimes = new Int32Array(rows).fill(NEVER);
    this.tilesAcross = Math.ceil(width / 16);
    this.tileTimes = new Int32Array(this.tilesAcross * Math.ceil(rows / 8)).fill(NEVER);
  }

  decodeFrame(decoder) {
    const { plane, stride, row, rowTimes } = this;
    this.before ??= allocate(Uint16Array, plane.length);
    this.inputCount = 15;
    this.time++;
    let outcomes = 0;
    for (let y = 0; y < this.rows; y++) {
      const state = outcomes * 4 + this.age(rowTimes[y]);
      const hasChanged = decoder.decide(2 ** 22 - row.p[state], 22) ^ 1;
      row.learn(state, hasChanged);
      if (hasChanged) {
        rowTimes[y] = this.time;
        this.isAboveChanged = (outcomes & 1) === 1;
        const start = (y + 3) * stride;
        const kept = this.isAboveChanged ? start : start - stride; // the row above is kept already
        this.before.set(plane.subarray(kept, start + stride), kept);
        this.beginRow(y);
        this.decodeChangedRow(decoder, y);
        this.endRow(y);
      }
      outcomes = (2 * outcomes + hasChanged) & 3;
    }
  }

  age(time) {
    const frames = this.time - time;
    return frames <= 1 ? 0 : frames === 2 ? 1 : frames <= 8 ? 2 : 3;
  }

  decodeChangedRow(decoder, y) {
    const { plane, before } = this;
    this.left = this.rest = 0;
    this.lastX = -64;
    for (let x = 0; x < this.width; ) {
      this.start(x, y);
      this.startChange();
      const { place } = this;
      const count = this.decodePixels(decoder, y);
      for (let i = 0; i < count; i++) {
        if (plane[place + i] === before[place + i]) continue;
        this.lastX = x + i;
        this.tileTimes[this.tileOf(x + i, y)] = this.time;
      }
      x += count;
    }
  }

  tileOf(x, y) {
    return (y >> 3) * this.tilesAcross + (x >> 4);
  }

  /** What a pixel has to do with the frame before. */
  startChange() {
    const { plane, before, place, stride, W, N, NW, NE } = this;
    const north = place - stride;
    const here = (this.here = plane[place]);
    const east = (this.east = plane[place + 1]);
    const south = (this.south = plane[place + stride]);
    this.changed = (W !== before[place - 1] ? 1 : 0) | (N !== before[north] ? 2 : 0)
      | (NW !== before[north - 1] ? 4 : 0) | (NE !== before[north + 1] ? 8 : 0);
    this.alike = (here === W ? 1 : 0) | (here === N ? 2 : 0) | (here === east ? 4 : 0)
      | (here === south ? 8 : 0);
  }

  /** Decodes a pixel, or 16. Returns how many. */
  decodePixels(decoder, y) {
    const { plane, place, x, here, changed, alike } = this;
    const age = this.age(this.tileTimes[this.tileOf(x, y)]);
    const distance = x - this.lastX;
    const d = distance < 4 ? 0 : distance < 16 ? 1 : distance < 64 ? 2 : 3;
    const where = 2 * d + (this.isAboveChanged ? 1 : 0);
    // 1
    const isWhole = x + 16 <= this.width && this.left === 0;
    if (isWhole && this.rest === 0 && changed === 0 && this.isAboveAsBefore()) {
      const isNo = this.stay.decide(decoder, (this.stayOutcomes * 4 + age) * 8 + where);
      this.stayOutcomes = (2 * this.stayOutcomes + isNo) & 3;
      if (!isNo) return 16;
      this.rest = 16;
    }
    this.excluded = here;
    let learning = null; // what only learns, once the code is known
    let state = 0;
    if (this.rest > 0) {
      // 2
      this.rest--;
      const state = (alike === 15 ? 16 : 0) + this.rest;
      const isNo = this.rest === 0 ? 1 : this.within.decide(decoder, state);
      if (!isNo) return 1;
      this.rest = 0;
    } else {
      // 3
      const states = changed === 0 ? this.quiet : this.busy;
      state = changed === 0 ? (age * 8 + where) * 16 + alike : (age * 16 + changed) * 16 + alike;
      if (this.left === 0 && (changed === 0 || states.p[state] < 2 ** 14)) {
        if (!states.decide(decoder, state)) return 1;
      } else {
        learning = states;
        this.excluded = NONE;
      }
    }
    // 5
    if (!this.isInside(place - this.offset)) this.offset = this.run = 0;
    const isSet = this.isBlock(decoder);
    if (!isSet) plane[place] = this.decodeCode(decoder, y);
    if (learning) learning.learn(state, plane[place] !== here);
    return isSet ? 16 : 1;
  }

  isAboveAsBefore() {
    const { plane, before, place, stride } = this;
    const first = place - stride - 1;
    for (let i = first; i < first + 18; i++) if (plane[i] !== before[i]) return false;
    return true;
  }

  /** Whether a place is from that of the band's first pixel to that of its last. */
  isInside(place) {
    return place >= this.placeOf(0) && place < this.placeOf(this.rows - 1) + this.width;
  }

  isOffset(offset) {
    return offset !== 0 && (this.time === 0 || this.isInside(this.place - offset));
  }

  relation(code) {
    if (this.time === 0) return 0;
    return this.excluded !== NONE ? 3 : code === this.here ? 1 : 2;
  }

  other() {
    if (this.time === 0) return super.other();
    const { here, changed, alike } = this;
    this.expertCodes[2] = here;
    this.expertStates[2] = (changed * 16 + alike) * 4;
    return 256 + changed + 16 * alike;
  }

  findHashes(y) {
    super.findHashes(y);
    if (this.time === 0) return;
    const { hashes, W, N } = this;
    const here = Math.imul(this.here, mY);
    const east = Math.imul(this.east, mNEEE);
    hashes[1] = Math.imul(W, mW) + Math.imul(N, mN) + here;
    hashes[10] = here + east + Math.imul(this.south, mX);
    hashes[11] = Math.imul(W, mW) + here + east;
  }
}

const NEVER = -(2 ** 30); // long before any time

/* ---- 7.1 Checksums ---- */

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  for (let bit = 0; bit < 8; bit++) byte = (byte >>> 1) ^ (byte & 1 ? 0xedb88320 : 0);
  return byte;
});

/** `previous` is the checksum that is continued (7.2). */
function crc32(bytes, previous) {
  let register = ~previous;
  for (let i = 0; i < bytes.length; i++) {
    register = CRC_TABLE[(register ^ bytes[i]) & 0xff] ^ (register >>> 8);
  }
  return ~register >>> 0;
}

/* ---- 8.2 Limits ---- */

function checkLimit(field, offset, what, count, most) {
  if (!(count <= most)) fail("LimitError", field, `${count} ${what} exceed ${most}`, offset);
}

/* ---- 9.1 Samples ---- */

/**
 * The colors of a frame's pixels, as ImageData has them.
 *
 * @param {Picture} picture
 * @param {Uint8Array | Uint16Array} indices
 * @returns {Uint8ClampedArray<ArrayBuffer>} red, green, blue and alpha of each pixel
 */
export function toRGBA({ palette, channels }, indices) {
  const colors = new Uint8Array((palette.length / channels) * 4);
  for (let from = 0, to = 0; from < palette.length; from += channels, to += 4) {
    const [red, green, blue] = channels < 3 ? [0, 0, 0] : [0, 1, 2];
    const alpha = channels % 2 === 0 ? palette[from + channels - 1] : 255;
    colors.set([palette[from + red], palette[from + green], palette[from + blue], alpha], to);
  }
  const entries = new Uint32Array(colors.buffer);
  const pixels = new Uint32Array(indices.length);
  for (let i = 0; i < indices.length; i++) pixels[i] = entries[indices[i]];
  return new Uint8ClampedArray(pixels.buffer);
}
