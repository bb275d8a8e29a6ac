// Bands to payloads, by the model that kmcodec/coding/modelled.py would choose.

import { GRAPHICS, PHOTO } from "./coder.mjs";

export const SMALL_PIXELS = 2 ** 16; // up to so many, all is tried
const SAMPLE_PIXELS = 2 ** 15; // on so many of larger ones
const SLACK = 0.03; // by which a band may grow to be decoded several times as fast
const HEAD_START = [0.03, 0.05]; // photo, which learns slowly, is better on all than on a sample
const FLAT_SHARE = 0.9; // of pixels in flat surroundings, from which on graphics is as fast

/** Equal heights up to a megapixel, in a number that keeps processors busy to the end. */
export function chooseBandRows(width, height) {
  let bands = Math.ceil((width * height) / 2 ** 20);
  const step = Math.min(8, 2 ** (32 - Math.clz32(bands - 1)));
  bands = Math.ceil(bands / step) * step;
  let rows = Math.ceil(height / bands);
  if (rows > 8) rows = Math.ceil(rows / 8) * 8;
  return Math.min(rows, height, 65536, Math.max(1, Math.floor((2 ** 32 - 1) / (2 * width))));
}

/** The payload of a band, or null if it would be longer than `most` bytes. */
export function encodeBand(coder, codes, { width, colorCount, bits }, most) {
  const encode = (model) => coder.encodeBand(codes, width, colorCount, model, most);
  if (codes.length > SMALL_PIXELS) return encode(chooseModel(coder, codes, width, colorCount, bits));
  const [photo, graphics] = [PHOTO, GRAPHICS].map(encode);
  return graphics && (!photo || graphics.length < photo.length) ? graphics : photo;
}

function chooseModel(coder, codes, width, colorCount, bits) {
  const flat = flatShare(codes, width);
  if (flat > FLAT_SHARE) return GRAPHICS;
  const [photo, graphics] = sampleLengths(coder, codes, width, colorCount);
  const allowance = (SLACK + HEAD_START[bits > 6 ? 1 : 0]) * (1 - flat * flat);
  return photo <= graphics * (1 + allowance) ? PHOTO : GRAPHICS;
}

/** The bytes that all codes take by the better model, if all rows are as those of the middle. */
export function estimate(coder, codes, width, colorCount) {
  const sample = sampleOf(codes, width);
  return (Math.min(...sampleLengths(coder, codes, width, colorCount)) * codes.length) / sample.length;
}

function sampleLengths(coder, codes, width, colorCount) {
  const sample = sampleOf(codes, width);
  const most = 2 * sample.length;
  return [PHOTO, GRAPHICS].map(
    (model) => coder.encodeBand(sample, width, colorCount, model, most)?.length ?? most,
  );
}

/** Rows from the middle. */
function sampleOf(codes, width) {
  const height = codes.length / width;
  const rows = Math.min(height, Math.ceil(SAMPLE_PIXELS / width));
  const first = Math.floor((height - rows) / 2) * width;
  return codes.subarray(first, first + rows * width);
}

/** The share of pixels that are as the one to the left and those above both. */
function flatShare(codes, width) {
  const height = codes.length / width;
  if (Math.min(width, height) < 2) return 0;
  let count = 0;
  for (let y = 1; y < height; y++) {
    for (let i = y * width + 1; i < (y + 1) * width; i++) {
      const code = codes[i];
      const above = i - width;
      if (code === codes[i - 1] && code === codes[above] && code === codes[above - 1]) count++;
    }
  }
  return count / ((width - 1) * (height - 1));
}
