// node outcomes.mjs: for each path on standard input, prints a line of what decoding it gives:
// the SHA-256 of each frame as RGBA, or the class and the offset of the error.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { KmqError, decode, toRGBA } from "../../tools/viewer/decode.mjs";

function outcomeOf(path) {
  try {
    const picture = decode(new Uint8Array(readFileSync(path)));
    return Array.from(picture.frames, ({ indices }) =>
      createHash("sha256").update(toRGBA(picture, indices)).digest("hex"));
  } catch (error) {
    if (error instanceof KmqError) return [error.name, error.offset];
    throw error;
  }
}

for await (const path of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(outcomeOf(path)));
}
