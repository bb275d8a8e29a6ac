// node outcomes.mjs DECODER: for each path on standard input, prints a line of what decoding it by
// "plain" JavaScript, or the codec of browsers by its engine "wasm" or "javascript", gives: the
// SHA-256 of each frame as RGBA, or the class and the offset of the error.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import * as plain from "../../tools/viewer/decode.mjs";
import * as viewer from "../../tools/viewer/src/kmq.mjs";

const [decoder] = process.argv.slice(2);
const wasm = new URL("../../tools/viewer/dist/kmq.wasm", import.meta.url);
const codec = await viewer.load({ wasm: decoder === "wasm" ? wasm : null });
const framesOf = decoder === "plain" ? framesPlainly : framesByCodec;

function framesPlainly(bytes) {
  const picture = plain.decode(bytes);
  return Array.from(picture.frames, ({ indices }) => plain.toRGBA(picture, indices));
}

async function framesByCodec(bytes) {
  const picture = codec.decode(bytes);
  if (picture.frameCount === 1) return [viewer.toRGBA(picture)];
  const animation = await codec.open(bytes);
  const numbers = Array.from({ length: animation.frameCount }, (_, n) => n);
  return numbers.map((n) => viewer.toRGBA(animation, animation.seek(n)));
}

async function outcomeOf(path) {
  try {
    const frames = await framesOf(new Uint8Array(readFileSync(path)));
    return frames.map((rgba) => createHash("sha256").update(rgba).digest("hex"));
  } catch (error) {
    if (error instanceof plain.KmqError || error instanceof viewer.KmqError) {
      return [error.name, error.offset];
    }
    throw error;
  }
}

for await (const path of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await outcomeOf(path)));
}
