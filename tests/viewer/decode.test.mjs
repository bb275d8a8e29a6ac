// The decoder in plain JavaScript: node --test tests/viewer/decode.test.mjs

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CHECK_VALUES, KmqError, decode, toRGBA } from "../../tools/viewer/decode.mjs";
import {
  SMALL, bytesOf, checkPicture, checkPixels, expected, faultOf, testVectors,
} from "./vectors.mjs";

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

describe("valid vectors give their picture", () => {
  testVectors("valid", (name, bytes) => {
    const wanted = expected(name);
    const picture = decode(bytes);
    checkPicture(picture, [...picture.frames], wanted);
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
    const error = errorOf(bytes);
    assert.deepEqual([error?.name, error?.field], faultOf(name));
    assert.ok(error.offset >= 0 && error.offset <= bytes.length);
  });
});

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
