// node check.mjs MODULE VECTORS: decodes every vector; prints those that go wrong, and a count.
// Animations are refused as a whole: this decoder knows no frames.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { MODES, load } from "./kmq.mjs";

const [module, vectors] = process.argv.slice(2);
const decoder = await load(readFileSync(module));
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const decoded = (path) => decoder.decode(new Uint8Array(readFileSync(path)));
const expected = (name) => JSON.parse(readFileSync(`${vectors}/valid/${name}.json`, "utf8"));

/** Each pixel's palette entry, in hexadecimal. */
function pixelsOf({ mode, palette, indices }) {
  const { channels } = MODES.find(({ name }) => name === mode);
  const entry = (index) => hex(palette.subarray(index * channels, (index + 1) * channels));
  return Array.from(indices, entry).join("");
}

/** What differs from the picture of a valid vector. */
function checkValid(path, name) {
  const { mode, width, height, palette, indices, metadata } = decoded(path);
  const picture = expected(name);
  const compared = {
    mode: mode === picture.mode,
    width: width === picture.width,
    height: height === picture.height,
    palette: sha256(palette) === picture.palette_sha256,
    metadata: JSON.stringify(Object.fromEntries([...metadata].map(([key, value]) => [key, hex(value)])))
      === JSON.stringify(picture.metadata),
    indices: picture.indices
      ? picture.indices.flat().join() === indices.join()
      : sha256(new Uint8Array(Uint16Array.from(indices).buffer)) === picture.indices_sha256,
  };
  return Object.keys(compared).filter((part) => !compared[part]).join();
}

/** What differs from the pixels of the valid vector of the same name. */
function checkAlternative(path, name) {
  const picture = expected(name.replace(/\.\d+$/, ""));
  return pixelsOf(decoded(path)) === picture.pixels.join("") ? "" : "pixels";
}

/** What is not the error that the recipe expects. */
function checkInvalid(path) {
  const wanted = readFileSync(path.replace(/kmq$/, "txt"), "utf8").match(/^expect: *(\w+)/m)[1];
  try {
    decoded(path);
    return `no ${wanted}`;
  } catch (error) {
    return error.name === wanted ? "" : `${error.name} (${error.message}), not ${wanted}`;
  }
}

/** What is not the error that an animation gives, valid or not. */
function checkAnimation(path) {
  try {
    decoded(path);
    return "no UnsupportedError";
  } catch (error) {
    return error.name === "UnsupportedError" ? "" : `${error.name} (${error.message})`;
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
      const path = `${vectors}/${folder}/${file}`;
      const isAnimation = file.startsWith("frames");
      fault = isAnimation ? checkAnimation(path) : check(path, file.slice(0, -4));
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
