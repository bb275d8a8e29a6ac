// node check.mjs MODULE VECTORS: decodes every vector; prints those that go wrong, and a count.
// Frames of animations are decoded in order, then in reverse order.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { MODES, load } from "./kmq.mjs";

const [module, vectors] = process.argv.slice(2);
const decoder = await load(readFileSync(module));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const expected = (name) => JSON.parse(readFileSync(`${vectors}/valid/${name}.json`, "utf8"));

/** The picture of a file, the indices of all its `frames`, and its `animation`, null for none. */
async function decode(path) {
  const bytes = new Uint8Array(readFileSync(path));
  const picture = decoder.decode(bytes);
  if (picture.frameCount === 1) return { ...picture, frames: [picture.indices], animation: null };
  const animation = await decoder.open(bytes);
  const numbers = [...Array(picture.frameCount).keys()];
  const frames = numbers.map((frame) => animation.seek(frame).slice());
  const isSame = (frame) => animation.seek(frame).join() === frames[frame].join();
  if (!numbers.reverse().every(isSame)) throw new Error("frames differ in reverse order");
  if (picture.indices.join() !== frames[0].join()) throw new Error("the first frame differs");
  return { ...picture, frames, animation };
}

/** Each pixel's palette entry, in hexadecimal. */
function pixelsOf({ mode, palette }, indices) {
  const { channels } = MODES.find(({ name }) => name === mode);
  const entry = (index) => hex(palette.subarray(index * channels, (index + 1) * channels));
  return Array.from(indices, entry).join("");
}

/** Whether an animation is timed as expected, or there is none and nothing is. */
function isTimed(animation, { durations, loop_count: loop }) {
  if (!animation || !durations) return !animation && !durations;
  const seconds = durations.map((duration) => duration.split("/").reduce((a, b) => a / b));
  const isRight = (each, n) => Number(each) === animation.seconds(n);
  return animation.loop === loop && seconds.every(isRight);
}

/** What differs from the picture of a valid vector. */
async function checkValid(path, name) {
  const { mode, width, height, palette, metadata, frames, animation } = await decode(path);
  const picture = expected(name);
  const pictures = picture.frames ?? [picture];
  const compared = {
    mode: mode === picture.mode,
    width: width === picture.width,
    height: height === picture.height,
    palette: sha256(palette) === picture.palette_sha256,
    metadata: JSON.stringify(Object.fromEntries([...metadata].map(([key, value]) => [key, hex(value)])))
      === JSON.stringify(picture.metadata),
    frames: frames.length === pictures.length,
    timing: isTimed(animation, picture),
    indices: pictures.every(({ indices, indices_sha256 }, n) =>
      indices
        ? indices.flat().join() === frames[n].join()
        : sha256(new Uint8Array(Uint16Array.from(frames[n]).buffer)) === indices_sha256),
  };
  return Object.keys(compared).filter((part) => !compared[part]).join();
}

/** What differs from the pixels of the valid vector of the same name. */
async function checkAlternative(path, name) {
  const picture = expected(name.replace(/\.\d+$/, ""));
  const pictures = picture.frames ?? [picture];
  const decoded = await decode(path);
  const isSame = ({ pixels }, n) => pixelsOf(decoded, decoded.frames[n]) === pixels.join("");
  return decoded.frames.length === pictures.length && pictures.every(isSame) ? "" : "pixels";
}

/** What is not the error that the recipe expects. */
async function checkInvalid(path) {
  const wanted = readFileSync(path.replace(/kmq$/, "txt"), "utf8").match(/^expect: *(\w+)/m)[1];
  try {
    await decode(path);
    return `no ${wanted}`;
  } catch (error) {
    return error.name === wanted ? "" : `${error.name} (${error.message}), not ${wanted}`;
  }
}

let files = 0;
let wrong = 0;
for (const [folder, check] of Object.entries({
  valid: checkValid,
  alternative: checkAlternative,
  invalid: checkInvalid,
})) {
  for (const file of readdirSync(`${vectors}/${folder}`).filter((name) => name.endsWith(".kmq"))) {
    let fault;
    try {
      fault = await check(`${vectors}/${folder}/${file}`, file.slice(0, -4));
    } catch (error) {
      fault = error;
    }
    files++;
    if (fault) wrong++;
    if (fault) console.log(`${folder}/${file}: ${fault}`);
  }
}
console.log(`${files} vectors, ${wrong} wrong`);
process.exitCode = wrong ? 1 : 0;
