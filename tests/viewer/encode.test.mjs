// The encoder of browsers: node --test tests/viewer/encode.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import * as built from "../../tools/viewer/dist/encode.mjs";
import { indexed, loadEncoder } from "../../tools/viewer/src/encode.mjs";
import { load, toRGBA } from "../../tools/viewer/src/kmq.mjs";
import { bytesOf, testVectors } from "./vectors.mjs";

const urlOf = (name) => new URL(`../../tools/viewer/dist/${name}`, import.meta.url);
const codec = await load({ wasm: urlOf("kmq.wasm") });
const encoder = await loadEncoder({ wasm: urlOf("encode.wasm") });

/** Pixels of a few colors, by a number for each. */
function pixelsOf(colors, width, height, choose) {
  const pixels = Array.from({ length: width * height }, (_, i) =>
    colors[choose(i % width, Math.floor(i / width)) % colors.length]);
  return Uint8ClampedArray.from(pixels.flat());
}

testVectors("valid", (name, bytes) => {
  const picture = codec.decode(bytes);
  if (picture.width * picture.height > 20_000) return;
  const again = codec.decode(encoder.encode(picture));
  assert.deepEqual(toRGBA(again), toRGBA(picture));
  for (const field of ["width", "height", "mode"]) assert.equal(again[field], picture[field]);
  if (!picture.mode.startsWith("P")) return;
  for (const field of ["palette", "indices"]) assert.deepEqual(again[field], picture[field]);
});

test("the mode is that of fewest channels, and colors ascend", () => {
  const modes = {
    L: [[9, 9, 9, 255], [0, 0, 0, 255], [255, 255, 255, 255]],
    LA: [[9, 9, 9, 255], [9, 9, 9, 8], [0, 0, 0, 0]],
    RGB: [[9, 9, 9, 255], [0, 1, 0, 255], [200, 0, 7, 255]],
    RGBA: [[9, 9, 9, 255], [0, 1, 0, 255], [200, 0, 7, 3]],
  };
  for (const [mode, colors] of Object.entries(modes)) {
    const rgba = pixelsOf(colors, 5, 4, (x, y) => x + 3 * y);
    const picture = indexed(rgba, 5, 4);
    assert.equal(picture.mode, mode);
    const entries = Array.from({ length: 3 }, (_, n) =>
      String.fromCharCode(...picture.palette.subarray(n * picture.palette.length / 3)));
    assert.deepEqual(entries, entries.toSorted?.() ?? entries.slice().sort());
    const decoded = codec.decode(encoder.encode(picture));
    assert.deepEqual(toRGBA(decoded), rgba);
    assert.equal(decoded.mode, mode);
  }
});

test("65,536 colors are kept, and one more are too many", () => {
  const [width, height] = [256, 257];
  const rgba = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width * height; i++) {
    rgba.set([i & 255, (i >> 8) & 255, (i >> 16) * 7, 255], 4 * i);
  }
  assert.equal(indexed(rgba, width, height), null);
  rgba.set(rgba.subarray(0, 4 * width), 4 * 256 * width); // the last row as the first
  const picture = indexed(rgba, width, height);
  assert.equal(picture.palette.length, 3 * 65536);
  assert.deepEqual(toRGBA(codec.decode(encoder.encode(picture))), rgba);
});

test("pixels may be a part of a buffer, wherever it begins", () => {
  const rgba = pixelsOf([[1, 2, 3, 255], [4, 5, 6, 255]], 3, 2, (x, y) => x * y);
  for (const start of [0, 1, 4]) {
    const within = new Uint8Array(start + rgba.length);
    within.set(rgba, start);
    assert.deepEqual(indexed(within.subarray(start), 3, 2), indexed(rgba, 3, 2));
  }
});

test("what is no picture is refused", () => {
  const right = { width: 2, height: 1, mode: "RGB", palette: new Uint8Array(6), indices: new Uint8Array(2) };
  encoder.encode(right);
  const wrong = [
    [RangeError, { mode: "CMYK" }],
    [RangeError, { width: 0 }],
    [RangeError, { height: 1.5 }],
    [RangeError, { width: 2 ** 31 }],
    [TypeError, { palette: [1, 2, 3] }],
    [RangeError, { palette: new Uint8Array(7) }],
    [RangeError, { palette: new Uint8Array(0) }],
    [RangeError, { palette: new Uint8Array(3 * 65537) }],
    [RangeError, { mode: "L", palette: new Uint8Array(257) }],
    [RangeError, { mode: "BILEVEL", palette: Uint8Array.of(1, 2) }],
    [TypeError, { indices: new Uint16Array(2) }],
    [TypeError, { indices: [0, 1] }],
    [RangeError, { indices: new Uint8Array(3) }],
    [RangeError, { indices: Uint8Array.of(0, 2) }],
  ];
  for (const [kind, fields] of wrong) {
    assert.throws(() => encoder.encode({ ...right, ...fields }), kind, JSON.stringify(fields));
  }
  assert.throws(() => indexed(new Uint8Array(7), 2, 1), RangeError);
  assert.throws(() => indexed(new Uint8Array(0), 0, 0), RangeError);
});

test("the built module finds libkmq beside it", async () => {
  const picture = codec.decode(bytesOf("valid/three_colors"));
  const bytes = (await built.loadEncoder()).encode(picture);
  assert.deepEqual(bytes, encoder.encode(picture));
  await assert.rejects(built.loadEncoder({ wasm: new Uint8Array(8) }));
});
