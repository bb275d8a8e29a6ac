// node encoded.mjs: for each line on standard input, JSON of `width`, `height`, `rgba`, which is a
// path of pixels, and `out`, writes a .kmq of the pixels; or, with `mode`, `palette` and `indices`,
// which is a path too, of these. Prints the fields that were found and "null" for too many colors.

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { indexed, loadEncoder } from "../../tools/viewer/src/encode.mjs";

const wasm = new URL("../../tools/viewer/dist/encode.wasm", import.meta.url);
const encoder = await loadEncoder({ wasm });
for await (const line of createInterface({ input: process.stdin })) {
  const { rgba, out, ...picture } = JSON.parse(line);
  const { width, height, palette, indices } = picture;
  const found = rgba
    ? indexed(new Uint8Array(readFileSync(rgba)), width, height)
    : { ...picture, palette: Uint8Array.from(palette), indices: numbersOf(indices, picture) };
  if (found) writeFileSync(out, encoder.encode(found));
  console.log(JSON.stringify(found && found.mode));
}

function numbersOf(path, { palette, channels }) {
  const bytes = new Uint8Array(readFileSync(path));
  return palette.length / channels > 256 ? new Uint16Array(bytes.buffer) : bytes;
}
