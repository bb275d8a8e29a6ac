// The decoder in plain JavaScript on all vectors of spec/vectors: node --test tests/viewer

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { KmqError, decode, toRGBA } from "../../tools/viewer/decode.mjs";

const VECTORS = new URL("../../spec/vectors/", import.meta.url);

const namesIn = (folder) =>
  readdirSync(new URL(folder, VECTORS)).filter((file) => file.endsWith(".kmq")).map((file) => file.slice(0, -4));
const bytesOf = (name) => new Uint8Array(readFileSync(new URL(`${name}.kmq`, VECTORS)));
const expected = (name) => JSON.parse(readFileSync(new URL(`valid/${name}.json`, VECTORS), "utf8"));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** The bytes of each pixel's palette entry. */
function samplesOf({ palette, channels }, indices) {
  const samples = new Uint8Array(indices.length * channels);
  indices.forEach((index, i) => {
    samples.set(palette.subarray(index * channels, (index + 1) * channels), i * channels);
  });
  return samples;
}

/** Asserts that frames are those of a vector's text, or only have its pixels. */
function checkFrames(picture, wanted, isExact) {
  const frames = [...picture.frames];
  const pictures = wanted.frames ?? [wanted];
  assert.equal(frames.length, pictures.length);
  pictures.forEach(({ indices, indices_sha256, pixels, pixels_sha256 }, n) => {
    const decoded = frames[n].indices;
    const samples = samplesOf(picture, decoded);
    if (pixels) assert.equal(hex(samples), pixels.join(""));
    else assert.equal(sha256(samples), pixels_sha256);
    if (!isExact) return;
    if (indices) assert.deepEqual([...decoded], indices.flat());
    else assert.equal(sha256(new Uint8Array(Uint16Array.from(decoded).buffer)), indices_sha256);
  });
}

describe("valid vectors give their picture", () => {
  for (const name of namesIn("valid")) {
    test(name, () => {
      const wanted = expected(name);
      const picture = decode(bytesOf(`valid/${name}`));
      const { width, height, mode, palette, metadata } = picture;
      assert.deepEqual({ width, height, mode }, { width: wanted.width, height: wanted.height, mode: wanted.mode });
      assert.equal(palette.length, wanted.color_count * picture.channels);
      assert.equal(sha256(palette), wanted.palette_sha256);
      const payloads = [...metadata].map(([key, payload]) => [key, hex(payload)]);
      assert.deepEqual(Object.fromEntries(payloads), wanted.metadata);
      if (wanted.frames) {
        const seconds = wanted.durations.map((each) => each.split("/").reduce((a, b) => a / b));
        assert.deepEqual(Array.from(picture.frames, ({ duration }) => duration), seconds.map(Number));
        assert.equal(picture.frameCount, wanted.frames.length);
        assert.equal(picture.loopCount, wanted.loop_count);
        assert.equal(picture.keyInterval, wanted.key_interval);
      }
      checkFrames(picture, wanted, true);
    });
  }
});

describe("alternative vectors give the same pixels", () => {
  for (const name of namesIn("alternative")) {
    test(name, () => {
      const picture = decode(bytesOf(`alternative/${name}`));
      checkFrames(picture, expected(name.replace(/\.\d+$/, "")), false);
    });
  }
});

/** The error of a file, once all its frames are decoded. */
function errorOf(bytes, limits) {
  try {
    for (const _ of decode(bytes, limits).frames);
  } catch (error) {
    assert.ok(error instanceof KmqError, error.stack);
    return error;
  }
  return null;
}

describe("invalid vectors are refused for what their text says", () => {
  for (const name of namesIn("invalid")) {
    test(name, () => {
      const text = readFileSync(new URL(`invalid/${name}.txt`, VECTORS), "utf8");
      const [, wanted, field] = text.match(/^expect: *(\w+) +(\w+)/m);
      const error = errorOf(bytesOf(`invalid/${name}`));
      assert.deepEqual([error?.name, error?.field], [wanted, field]);
    });
  }
});
