// What takes time or memory, in a thread of its own, so that no file can stop the page.

import { load, toRGBA } from "../src/kmq.mjs";
import { indexed, loadEncoder } from "../src/encode.mjs";
import { leftOut } from "./beside.mjs";
import { inspect } from "./inspect.mjs";
import { readPixels } from "./pixels.mjs";
import { encodePNG } from "./png.mjs";

let codec; // a promise
let bytes;
let picture; // decoded, or an animation
let indices; // of the frame that is shown

const tasks = {
  /** Gets ready, while nothing is to be decoded. */
  start(wasm) {
    codec = load({ wasm });
  },

  /** Looks into a file, without decoding it. */
  open(file) {
    bytes = file;
    const { fault, ...inspected } = inspect(bytes);
    return { ...inspected, fault: fault && describe(fault) };
  },

  /** Decodes the picture, or the first frame. */
  async decode() {
    const decoder = await codec;
    picture = decoder.decode(bytes);
    const { indices: first, ...described } = picture;
    described.engine = decoder.engine;
    if (picture.frameCount === 1) return { ...described, ...frame(first) };
    picture = await decoder.open(bytes);
    const seconds = Array.from({ length: picture.frameCount }, (_, n) => picture.seconds(n));
    return { ...described, loop: picture.loop, seconds, ...tasks.seek(0) };
  },

  seek(number) {
    return { number, ...frame(picture.seek(number)) };
  },

  /** The frame that is shown. */
  async png() {
    return new Blob([await encodePNG(picture, indices)], { type: "image/png" });
  },

  /** Makes a .kmq of another picture; `made` is null if it has too many colors. */
  async convert({ file, wasm }) {
    const { data, width, height } = await readPixels(file);
    const fields = indexed(data, width, height);
    const described = { width, height, leftOut: leftOut(file) };
    if (!fields) return { ...described, made: null };
    const made = (await startEncoder(wasm)).encode(fields);
    const decoded = (await codec).decode(made);
    const back = new Uint32Array(toRGBA(decoded).buffer);
    const source = new Uint32Array(data.buffer);
    if (!source.every((color, i) => color === back[i])) {
      throw new Error("The .kmq would not have the same pixels, so none is made.");
    }
    return { ...described, made };
  },
};

async function startEncoder(wasm) {
  try {
    return await loadEncoder({ wasm });
  } catch {
    throw new Error("Making a .kmq takes WebAssembly with SIMD, which this browser does not allow.");
  }
}

/** What the page shows of a frame; `counts` are pixels of each color. */
function frame(decoded) {
  indices = decoded;
  const counts = new Uint32Array(picture.palette.length / picture.channels);
  for (let i = 0; i < indices.length; i++) counts[indices[i]]++;
  return { indices, counts };
}

function describe({ name, message, field, fault, offset }) {
  return { name, message, field, fault, offset };
}

self.onmessage = async ({ data: { id, task, argument } }) => {
  try {
    self.postMessage({ id, result: await tasks[task](argument) });
  } catch (error) {
    self.postMessage({ id, error: describe(error) });
  }
};
