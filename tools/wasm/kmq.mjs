// A decoder of .kmq files for browsers and Node: the container here, payloads by libkmq in
// WebAssembly (built by tools/kmq-wasm). It shows pictures, and refuses animations as unsupported.
// Numbers in comments are sections of spec/kmq.md.
//
//     const decoder = await load(bytesOfWasm);
//     const { width, height, mode, palette, indices, metadata } = decoder.decode(bytesOfKmq);

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
const MODELLED = 1; // 3.3
const METADATA = 1; // 3.5
const CODED_PALETTE = 2;
const MOST_PIXELS = 178_956_970; // 8.2
const MAGIC = [0x8b, 0x4b, 0x4d, 0x51];
const OK = 0; // kmq.h
const ORDERED = 1;

/** Compiles libkmq; resolves to a Decoder. */
export async function load(bytesOfWasm) {
  const { instance } = await WebAssembly.instantiate(bytesOfWasm);
  instance.exports.kmq_start_up(0);
  return new Decoder(instance.exports);
}

export class Decoder {
  #wasm;

  constructor(wasm) {
    this.#wasm = wasm;
  }

  /**
   * Decodes a whole file, a Uint8Array. The result's `palette` has color_count entries of the
   * mode's channels, `indices` width * height numbers (Uint16Array if there are more than 256
   * colors), `metadata` is a Map of payloads by name. Throws a KmqError.
   */
  decode(bytes, { maxPixels = MOST_PIXELS } = {}) {
    const reader = new Reader(bytes);
    const header = readHeader(reader);
    const { width, height, mode } = header;
    if (width * height > maxPixels) {
      reader.fail("width", `${width} x ${height} pixels exceed ${maxPixels}`, "LimitError", 8);
    }
    const metadata = header.flags & METADATA ? readMetadata(reader) : new Map();
    const { palette, order } = this.#readPalette(reader, header);
    reader.checkChecksum();

    // 8.3: memory for pixels once all bands are known to be there
    const payloads = [];
    for (const { rows } of bandsOf(header)) payloads.push(this.#readBand(reader, header, rows));
    if (reader.left) reader.fail("end", `${reader.left} bytes follow the last band`);
    const Indices = header.colors > 256 ? Uint16Array : Uint8Array;
    const indices = new Indices(width * height);
    for (const { number, first, rows } of bandsOf(header)) {
      const to = indices.subarray(first * width, (first + rows) * width);
      this.#decodeBand(reader, header, rows, payloads[number], to);
    }
    if (order) for (let i = 0; i < indices.length; i++) indices[i] = order[indices[i]];
    return { width, height, mode: mode.name, palette, indices, metadata };
  }

  /** 5: the palette in index order, and the order of codes, if there is one. */
  #readPalette(reader, { colors, mode, coding, flags }) {
    const size = colors * mode.channels;
    const coded = flags & CODED_PALETTE;
    const { palette, order } = coded
      ? this.#decodePalette(reader, colors, mode.channels, coding)
      : { palette: reader.take(size, "palette").slice() };
    const isBilevel = colors === 2 ? palette[0] === 0 && palette[1] === 255 : palette[0] % 255 === 0;
    if (mode.name === "BILEVEL" && !isBilevel) reader.fail("palette", "not that of mode BILEVEL");
    if (mode.name === "PA" && countPaletteColors(palette) > 256) {
      reader.fail("palette", "more than 256 palette colors");
    }
    return { palette, order };
  }

  /** 5.3 */
  #decodePalette(reader, colors, channels, coding) {
    let length = 0;
    for (let shift = 0, byte = 0x80; byte & 0x80; shift += 7) {
      byte = reader.take(1, "palette_length")[0];
      if (shift && byte === 0) reader.fail("palette_length", "the last byte is 0");
      if (shift === 14 && byte & 0x80) reader.fail("palette_length", "more than 3 bytes");
      length += (byte & 0x7f) << shift;
    }
    const payload = reader.take(length, "palette_payload");
    const ordered = coding === MODELLED;
    const sizes = [length, colors * channels, 2 * colors, 4 * (colors + 1)];
    const [from, to, order, unused] = this.#place(reader, sizes);
    this.#view(Uint8Array, from, length).set(payload);
    const status = this.#wasm.kmq_decode_palette(
      from, BigInt(length), to, colors, channels, ordered ? order : 0, ordered ? unused : 0,
    );
    if (status < OK) reader.fail("palette_payload", `libkmq says ${status}`);
    const entries = this.#view(Uint8Array, to, colors * channels).slice();
    if (status !== ORDERED) return { palette: entries };
    const indexOf = this.#view(Uint16Array, order, colors).slice();
    if (indexOf.every((index, code) => index === code)) {
      reader.fail("palette_payload", "the order gives every code itself");
    }
    const palette = new Uint8Array(entries.length);
    indexOf.forEach((index, code) => {
      palette.set(entries.subarray(code * channels, (code + 1) * channels), index * channels);
    });
    return { palette, order: indexOf };
  }

  /** 6.1: the payload of a band, its length and checksum verified. */
  #readBand(reader, { coding, colors, width }, rows) {
    const length = reader.u32("length");
    const packed = rows * Number(this.#wasm.kmq_row_bytes(BigInt(width), colors));
    if (coding === MODELLED ? length > packed : length !== packed) {
      reader.fail("length", `${length} bytes, ${packed} packed`);
    }
    const payload = reader.take(length, "payload");
    reader.checkChecksum();
    return payload;
  }

  /** 6.2, 6.3: fills `indices`. */
  #decodeBand(reader, { coding, colors, width }, rows, payload, indices) {
    if (colors === 1) return; // all are 0
    const shape = [BigInt(rows), BigInt(width), colors];
    const memory = coding === MODELLED ? Number(this.#wasm.kmq_band_memory(...shape)) : 0;
    const sizes = [payload.length, indices.byteLength, memory];
    const [from, to, scratch] = this.#place(reader, sizes);
    this.#view(Uint8Array, from, payload.length).set(payload);
    const status =
      coding === MODELLED
        ? this.#wasm.kmq_decode_band(from, BigInt(payload.length), ...shape, scratch, to)
        : this.#wasm.kmq_unpack_indices(from, ...shape, to);
    if (status !== OK) reader.fail("payload", `libkmq says ${status}`);
    indices.set(this.#view(indices.constructor, to, indices.length));
  }

  /** Addresses of buffers, valid until the next call. */
  #place(reader, sizes) {
    const { memory, __heap_base } = this.#wasm;
    let end = __heap_base.value;
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

/** Takes bytes in file order, and keeps the running checksum of what was taken (7.1). */
class Reader {
  offset = 0;
  checksum = 0;

  constructor(bytes) {
    this.bytes = bytes;
  }

  get left() {
    return this.bytes.length - this.offset;
  }

  fail(field, fault, name = "FormatError", offset = this.offset) {
    throw new KmqError(name, field, fault, offset);
  }

  take(count, field) {
    const fault = `${count} bytes needed, ${this.left} left`;
    if (count > this.left) this.fail(field, fault, "TruncatedError");
    const taken = this.bytes.subarray(this.offset, this.offset + count);
    this.offset += count;
    this.checksum = crc32(taken, this.checksum);
    return taken;
  }

  u32(field) {
    return viewOf(this.take(4, field)).getUint32(0, true);
  }

  checkChecksum() {
    const computed = this.checksum;
    const stored = this.u32("checksum");
    if (stored !== computed) this.fail("checksum", "is wrong", "ChecksumError", this.offset - 4);
    this.checksum = computed;
  }
}

/** 3 */
function readHeader(reader) {
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
  check(flags <= (METADATA | CODED_PALETTE), "flags", 7, "UnsupportedError");
  check(width >= 1 && width <= 2 ** 30, "width", 8);
  check(height >= 1 && height <= 2 ** 30, "height", 12);
  check(colors <= mode.mostColors, "color_count", 16);
  const bits = 32 - Math.clz32(colors - 1);
  check(bandRows <= height && bandRows * Math.ceil((width * bits) / 8) < 2 ** 32, "band_rows", 18);
  const cells = (bandRows + 3) * (width + 16);
  check(coding !== MODELLED || cells <= 2 ** 28, "band_rows", 18);
  return { coding, mode, flags, width, height, colors, bandRows };
}

/** 4: payloads by name. */
function readMetadata(reader) {
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

/** 5.2 */
function countPaletteColors(palette) {
  let count = 1;
  for (let i = 4; i < palette.length; i += 4) {
    const differs = [0, 1, 2].some((c) => palette[i + c] !== palette[i + c - 4]);
    if (differs || palette[i + 3] <= palette[i - 1]) count++;
  }
  return count;
}

/** 6.1 */
function* bandsOf({ height, bandRows }) {
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
