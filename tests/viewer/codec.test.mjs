// The codec of browsers, with either engine: node --test tests/viewer/codec.test.mjs

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { decode as decodePlainly } from "../../tools/viewer/decode.mjs";
import * as built from "../../tools/viewer/dist/kmq.mjs";
import { KmqError, load, toRGBA } from "../../tools/viewer/src/kmq.mjs";
import {
  SMALL, bytesOf, checkPicture, checkPixels, expected, faultOf, testVectors,
} from "./vectors.mjs";

const wasm = new URL("../../tools/viewer/dist/kmq.wasm", import.meta.url);
const MODES = ["bilevel", "l", "la", "p", "p_alpha", "pa", "rgb", "rgba"];

/** A picture, and its frames with durations. */
async function decodeAll(codec, bytes) {
  const picture = codec.decode(bytes);
  if (picture.frameCount === 1) {
    return { picture, frames: [{ indices: picture.indices, duration: 0 }] };
  }
  return { picture, frames: framesOf(await codec.open(bytes)) };
}

function framesOf(animation) {
  return Array.from({ length: animation.frameCount }, (_, frame) => ({
    indices: animation.seek(frame).slice(),
    duration: animation.seconds(frame),
  }));
}

/** The same of bytes that arrive in pieces. */
async function streamAll(codec, bytes, size, limits) {
  const bands = [];
  let last = {};
  for await (last of codec.stream(piecesOf(bytes, size), limits)) {
    if (last.animation) continue;
    assert.equal(last.first * last.picture.width, bands.flat().length);
    bands.push(...last.indices);
  }
  const { picture, animation } = last;
  return { picture, frames: animation ? framesOf(animation) : [{ indices: bands, duration: 0 }] };
}

async function* piecesOf(bytes, size) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** The error of a promise, or null. */
async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof KmqError) return error;
    throw error;
  }
  return null;
}

function plainErrorOf(bytes) {
  try {
    for (const _ of decodePlainly(bytes).frames);
  } catch (error) {
    return error;
  }
  return null;
}

for (const codec of [await load({ wasm }), await load({ wasm: null })]) {
  const { engine } = codec;

  describe(`${engine}: valid vectors give their picture`, () => {
    testVectors("valid", async (name, bytes) => {
      const wanted = expected(name);
      const { picture, frames } = await decodeAll(codec, bytes);
      checkPicture(picture, frames, wanted);
      assert.deepEqual(frames[0].indices, picture.indices);
    });
  });

  describe(`${engine}: alternative vectors give the same pixels`, () => {
    testVectors("alternative", async (name, bytes) => {
      const { picture, frames } = await decodeAll(codec, bytes);
      checkPixels(picture, frames, expected(name.replace(/\.\d+$/, "")));
    });
  });

  describe(`${engine}: invalid vectors are refused for what their text says`, () => {
    testVectors("invalid", async (name, bytes) => {
      const error = await errorOf(decodeAll(codec, bytes));
      assert.deepEqual([error?.name, error?.field], faultOf(name));
      const isPacked = bytes[5] === 0 && error.field === "payload"; // of which wasm knows no row
      if (engine === "javascript" || !isPacked) {
        const { name: kind, field, offset } = plainErrorOf(bytes);
        assert.deepEqual([error.name, error.field, error.offset], [kind, field, offset]);
      }
    });
  });

  describe(`${engine}: what arrives in pieces is as the whole`, () => {
    testVectors("valid", async (name, bytes) => {
      for (const size of [1, 7, bytes.length]) {
        if (size === 1 && bytes.length > 2000) continue;
        const { picture, frames } = await streamAll(codec, bytes, size);
        checkPicture(picture, frames, expected(name));
      }
    });
    testVectors("invalid", async (name, bytes) => {
      for (const size of [7, bytes.length || 1]) {
        const error = await errorOf(streamAll(codec, bytes, size));
        assert.deepEqual([error?.name, error?.field], faultOf(name));
      }
    });
  });

  describe(`${engine}: damaged files are refused`, () => {
    for (const name of SMALL) {
      const bytes = bytesOf(`valid/${name}`);
      test(`${name}, truncated anywhere`, async () => {
        for (let length = 1; length < bytes.length; length++) {
          const part = bytes.subarray(0, length);
          for (const work of [decodeAll(codec, part), streamAll(codec, part, 5)]) {
            const error = await errorOf(work);
            assert.deepEqual([error?.name, error?.offset], ["TruncatedError", length]);
          }
        }
      });
      test(`${name}, with a byte behind it`, async () => {
        const longer = Uint8Array.from([...bytes, 0]);
        for (const work of [decodeAll(codec, longer), streamAll(codec, longer, 5)]) {
          const { name: kind, field, offset } = await errorOf(work);
          assert.deepEqual([kind, field, offset], ["FormatError", "end", bytes.length]);
        }
      });
      test(`${name}, with any flipped bit`, async () => {
        for (let bit = 0; bit < 8 * bytes.length; bit++) {
          const damaged = bytes.slice();
          damaged[bit >> 3] ^= 1 << (bit & 7);
          assert.ok(await errorOf(decodeAll(codec, damaged)), `bit ${bit}`);
        }
      });
    }
  });

  test(`${engine}: limits are the caller's, and each of them holds`, async () => {
    const bytes = bytesOf("valid/frames"); // 4 frames of 6 pixels
    const tooLow = [{ maxPixels: 5 }, { maxPixels: NaN }, { maxFrames: 3 }, { maxTotalPixels: 23 }];
    const fields = ["width", "width", "frame_count", "frame_count"];
    await codec.open(bytes, { maxPixels: 6, maxFrames: 4, maxTotalPixels: 24 });
    for (const [n, limits] of tooLow.entries()) {
      const works = [codec.open(bytes, limits), streamAll(codec, bytes, 9, limits)];
      for (const error of await Promise.all(works.map(errorOf))) {
        assert.deepEqual([error.name, error.field], ["LimitError", fields[n]]);
      }
    }
  });

  test(`${engine}: any frame can be gone to`, async () => {
    for (const name of ["frames", "frames_modelled_keys", "frames_modelled_photo", "frames_bands"]) {
      const animation = await codec.open(bytesOf(`valid/${name}`));
      const all = framesOf(animation).map(({ indices }) => indices);
      for (let from = 0; from < all.length; from++) {
        for (let to = 0; to < all.length; to++) {
          animation.seek(from);
          assert.deepEqual(animation.seek(to), all[to]);
        }
      }
      for (const frame of [-1, all.length, 0.5, "0"]) {
        assert.throws(() => animation.seek(frame), RangeError);
      }
    }
  });

  test(`${engine}: frames can be gone to once they have arrived`, async () => {
    const bytes = bytesOf("valid/frames_modelled_keys");
    const whole = framesOf(await codec.open(bytes));
    const counts = [];
    for await (const { animation } of codec.stream(piecesOf(bytes, 8))) {
      counts.push(animation.arrived);
      assert.deepEqual(animation.seek(animation.arrived - 1), whole[animation.arrived - 1].indices);
      if (animation.arrived < animation.frameCount) {
        assert.throws(() => animation.seek(animation.arrived), RangeError);
      }
    }
    assert.ok(counts.length > 2 && counts.every((count, n) => !n || count > counts[n - 1]));
    assert.equal(counts.at(-1), whole.length);
  });

  test(`${engine}: who stops reading ends what arrives`, async () => {
    let hasEnded = false;
    async function* chunks() {
      try {
        yield* piecesOf(bytesOf("valid/two_bands"), 84);
      } finally {
        hasEnded = true;
      }
    }
    for await (const { first } of codec.stream(chunks())) if (first === 0) break;
    assert.ok(hasEnded);
  });

  test(`${engine}: a stream of the web is read and, at a fault, canceled`, async () => {
    const stream = new Response(bytesOf("valid/two_bands")).body;
    for await (const { picture } of codec.stream(stream)) assert.equal(picture.height, 3);
    let reason = null;
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(bytesOf("valid/two_bands")),
      cancel: () => (reason = "canceled"),
    });
    const works = (async () => { for await (const _ of codec.stream(endless)); })();
    assert.equal((await errorOf(works)).field, "end");
    assert.equal(reason, "canceled");
  });

  test(`${engine}: colors are red, green, blue and alpha in all modes`, () => {
    for (const mode of MODES) {
      const picture = codec.decode(bytesOf(`valid/mode_${mode}`));
      const { palette, channels, indices } = picture;
      const colors = Array.from(indices, (index) => {
        const entry = [...palette.subarray(index * channels, (index + 1) * channels)];
        const alpha = channels % 2 ? 255 : entry.pop();
        return entry.length === 1 ? [entry[0], entry[0], entry[0], alpha] : [...entry, alpha];
      });
      assert.deepEqual([...toRGBA(picture)], colors.flat());
      assert.deepEqual([...toRGBA(picture, indices.subarray(1, 2))], colors[1]);
    }
  });

  test(`${engine}: a mistake of the caller is a TypeError`, async () => {
    for (const bytes of [undefined, "kmq", [0x8b], new ArrayBuffer(33)]) {
      assert.throws(() => codec.decode(bytes), TypeError);
      await assert.rejects(codec.open(bytes), TypeError);
    }
    await assert.rejects(codec.open(bytesOf("valid/one_pixel")), TypeError);
  });
}

test("the engine is what there is, and the reason is told", async () => {
  const bytes = readFileSync(wasm);
  const missing = new URL("none.wasm", wasm);
  for (const source of [wasm, String(wasm), bytes, await WebAssembly.compile(bytes)]) {
    const { engine, reason } = await load({ wasm: source });
    assert.deepEqual([engine, reason], ["wasm", null]);
  }
  for (const source of [missing, bytes.subarray(0, 99), new Uint8Array(8)]) {
    const codec = await load({ wasm: source });
    assert.equal(codec.engine, "javascript");
    assert.ok(codec.reason instanceof Error);
    assert.equal(codec.decode(bytesOf("valid/one_pixel")).width, 1);
  }
});

test("the built module finds libkmq beside it, and does without", async () => {
  const codecs = [await built.load(), await built.load({ wasm: null })];
  assert.deepEqual(codecs.map(({ engine }) => engine), ["wasm", "javascript"]);
  for (const codec of codecs) {
    const { picture, frames } = await decodeAll(codec, bytesOf("valid/frames_modelled"));
    checkPicture(picture, frames, expected("frames_modelled"));
    const damaged = bytesOf("invalid/modelled_payload_8_ff");
    assert.throws(() => codec.decode(damaged), built.KmqError);
  }
});
