// node encoded.mjs: for each line on standard input, JSON of `width`, `height`, `rgba`, which is a
// path of pixels, and `out`, writes a .kmq of the pixels; or, with `mode`, `palette` and `indices`,
// which is a path of bytes, of these. Prints the mode, or null for too many colors.

import { readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { indexed, loadEncoder } from "../../tools/viewer/src/encode.mjs";

const wasm = new URL("../../tools/viewer/dist/encode.wasm", import.meta.url);
const encoder = await loadEncoder({ wasm });
for await (const line of createInterface({ input: process.stdin })) {
  const { rgba, out, ...picture } = JSON.parse(line);
  const { width, height, palette, indices } = picture;
  const found = rgba
    ? indexed(bytesOf(rgba), width, height)
    : { ...picture, palette: Uint8Array.from(palette), indices: bytesOf(indices) };
  if (found) writeFileSync(out, encoder.encode(found));
  console.log(JSON.stringify(found && found.mode));
}

function bytesOf(path) {
  return new Uint8Array(readFileSync(path));
}
