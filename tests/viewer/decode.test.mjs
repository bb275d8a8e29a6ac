// The decoder in plain JavaScript: node --test tests/viewer/decode.test.mjs

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { CHECK_VALUES, KmqError, decode, toRGBA } from "../../tools/viewer/decode.mjs";

const VECTORS = new URL("../../spec/vectors/", import.meta.url);

const read = (file) => readFileSync(new URL(file, VECTORS));
const bytesOf = (name) => new Uint8Array(read(`${name}.kmq`));
const expected = (name) => JSON.parse(read(`valid/${name}.json`));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Defines a test of each vector of a folder. */
function testVectors(folder, check) {
  for (const file of readdirSync(new URL(folder, VECTORS))) {
    const name = file.slice(0, -4);
    if (file.endsWith(".kmq")) test(name, () => check(name, bytesOf(`${folder}/${name}`)));
  }
}

/** The error of a file, or null, once all its frames are decoded. Any other error is thrown. */
function errorOf(bytes, limits) {
  try {
    for (const _ of decode(bytes, limits).frames);
  } catch (error) {
    if (error instanceof KmqError) return error;
    throw error;
  }
  return null;
}

/** The bytes of each pixel's palette entry. */
function samplesOf({ palette, channels }, indices) {
  const entries = Array.from(indices, (index) =>
    palette.subarray(index * channels, (index + 1) * channels));
  return Buffer.concat(entries);
}

/** Asserts that frames have the pixels of a vector's text. */
function checkPixels(picture, frames, wanted) {
  const pictures = wanted.frames ?? [wanted];
  assert.equal(frames.length, pictures.length);
  pictures.forEach(({ pixels, pixels_sha256 }, n) => {
    const samples = samplesOf(picture, frames[n].indices);
    if (pixels) assert.equal(hex(samples), pixels.join(""));
    else assert.equal(sha256(samples), pixels_sha256);
  });
}

describe("valid vectors give their picture", () => {
  testVectors("valid", (name, bytes) => {
    const wanted = expected(name);
    const picture = decode(bytes);
    for (const field of ["width", "height", "mode"]) assert.equal(picture[field], wanted[field]);
    assert.equal(picture.palette.length, wanted.color_count * picture.channels);
    assert.equal(sha256(picture.palette), wanted.palette_sha256);
    const payloads = Array.from(picture.metadata, ([key, payload]) => [key, hex(payload)]);
    assert.deepEqual(Object.fromEntries(payloads), wanted.metadata);

    const frames = [...picture.frames];
    assert.equal(picture.frameCount, frames.length);
    checkPixels(picture, frames, wanted);
    (wanted.frames ?? [wanted]).forEach(({ indices, indices_sha256 }, n) => {
      const decoded = frames[n].indices;
      if (indices) assert.deepEqual([...decoded], indices.flat());
      else assert.equal(sha256(Buffer.from(Uint16Array.from(decoded).buffer)), indices_sha256);
    });

    const durations = wanted.durations ?? ["0/1"];
    const seconds = durations.map((fraction) => fraction.split("/").reduce((a, b) => a / b));
    assert.deepEqual(frames.map(({ duration }) => duration), seconds.map(Number));
    assert.equal(picture.loopCount, wanted.loop_count ?? 1);
    assert.equal(picture.keyInterval, wanted.key_interval ?? 1);
  });
});

describe("alternative vectors give the same pixels", () => {
  testVectors("alternative", (name, bytes) => {
    const picture = decode(bytes);
    checkPixels(picture, [...picture.frames], expected(name.replace(/\.\d+$/, "")));
  });
});

describe("invalid vectors are refused for what their text says", () => {
  testVectors("invalid", (name, bytes) => {
    const text = read(`invalid/${name}.txt`).toString();
    const [, wanted, field] = text.match(/^expect: *(\w+) +(\w+)/m);
    const error = errorOf(bytes);
    assert.deepEqual([error?.name, error?.field], [wanted, field]);
    assert.ok(error.offset >= 0 && error.offset <= bytes.length);
  });
});

const SMALL = ["two_bands", "three_colors_modelled", "metadata_all", "modelled_pa_order", "frames",
  "frames_modelled"];

describe("damaged files are refused", () => {
  for (const name of SMALL) {
    const bytes = bytesOf(`valid/${name}`);
    test(`${name}, truncated anywhere`, () => {
      assert.equal(errorOf(bytes.subarray(0, 0)).name, "SignatureError");
      for (let length = 1; length < bytes.length; length++) {
        const error = errorOf(bytes.subarray(0, length));
        assert.deepEqual([error?.name, error?.offset], ["TruncatedError", length]);
      }
    });
    test(`${name}, with a byte behind it`, () => {
      const { name: kind, field, offset } = errorOf(Uint8Array.from([...bytes, 0]));
      assert.deepEqual([kind, field, offset], ["FormatError", "end", bytes.length]);
    });
    test(`${name}, with any flipped bit`, () => {
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const damaged = bytes.slice();
        damaged[bit >> 3] ^= 1 << (bit & 7);
        assert.ok(errorOf(damaged), `bit ${bit}`);
      }
    });
  }
});

test("limits are the caller's, and each of them holds", () => {
  const bytes = bytesOf("valid/frames"); // 4 frames of 6 pixels
  assert.equal(errorOf(bytes, { maxPixels: 6, maxFrames: 4, maxTotalPixels: 24 }), null);
  assert.equal(errorOf(bytes, { maxPixels: undefined }), null);
  const tooLow = [{ maxPixels: 5 }, { maxPixels: NaN }, { maxFrames: 3 }, { maxTotalPixels: 23 }];
  const fields = ["width", "width", "frame_count", "frame_count"];
  tooLow.forEach((limits, n) => {
    const { name, field } = errorOf(bytes, limits);
    assert.deepEqual([name, field], ["LimitError", fields[n]]);
  });
});

test("a picture that memory cannot hold is a LimitError", () => {
  const bands = 2 ** 30 / 65536; // of one color, so that they have no bytes
  const parts = [bytesOf("valid/one_pixel").slice(0, 21)];
  const view = new DataView(parts[0].buffer);
  [8, 12].forEach((at) => view.setUint32(at, 2 ** 30, true));
  view.setUint16(18, 65535, true);
  for (let checksum = 0, band = -1; band < bands; band++) {
    checksum = crc32(parts.at(-1), checksum);
    parts.push(new Uint8Array(Uint32Array.of(checksum).buffer));
    if (band < bands - 1) parts.push(new Uint8Array(4));
  }
  const bytes = new Uint8Array(Buffer.concat(parts));
  const { name, field } = errorOf(bytes, { maxPixels: Infinity, maxTotalPixels: Infinity });
  assert.deepEqual([name, field], ["LimitError", "width"]);
});

/** 7.1, bit by bit. */
function crc32(bytes, previous = 0) {
  let register = ~previous;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? 0xedb88320 : 0);
  }
  return ~register >>> 0;
}

test("frames begin where they are asked to, and stay the caller's", () => {
  for (const name of ["frames", "frames_modelled_keys", "frames_modelled_photo", "frames_bands"]) {
    const { frames, frameCount } = decode(bytesOf(`valid/${name}`));
    const all = [...frames];
    for (let first = 0; first < frameCount; first++) {
      assert.deepEqual([...frames.from(first)], all.slice(first));
    }
    all.forEach(({ indices }) => indices.fill(0));
    assert.ok([...frames].some(({ indices }) => indices.some((index) => index > 0)));
    for (const first of [-1, frameCount, 0.5, "0"]) {
      assert.throws(() => [...frames.from(first)], RangeError);
    }
  }
});

test("a mistake of the caller is a TypeError", () => {
  for (const bytes of [undefined, "kmq", [0x8b], new ArrayBuffer(33)]) {
    assert.throws(() => decode(bytes), TypeError);
  }
});

test("bytes may be a part of a buffer", () => {
  const bytes = bytesOf("valid/metadata_all");
  const within = new Uint8Array(bytes.length + 5);
  within.set(bytes, 5);
  assert.deepEqual(decode(within.subarray(5)).metadata, decode(bytes).metadata);
});

test("colors are red, green, blue and alpha in all modes", () => {
  const modes = ["bilevel", "l", "la", "p", "p_alpha", "pa", "rgb", "rgba"];
  for (const mode of modes) {
    const picture = decode(bytesOf(`valid/mode_${mode}`));
    const { palette, channels } = picture;
    const [{ indices }] = picture.frames;
    const colors = Array.from(indices, (index) => {
      const entry = [...palette.subarray(index * channels, (index + 1) * channels)];
      const alpha = channels % 2 ? 255 : entry.pop();
      return entry.length === 1 ? [entry[0], entry[0], entry[0], alpha] : [...entry, alpha];
    });
    assert.deepEqual([...toRGBA(picture, indices)], colors.flat());
  }
});

test("numbers of the model have the check values of 6.3.8", () => {
  const crcs = Object.values(CHECK_VALUES).map(({ buffer }) => crc32(new Uint8Array(buffer)));
  assert.deepEqual(crcs, [0x43e6d63a, 0xae50d4a1, 0xa588b3d3, 0xd61c345e]);
});
