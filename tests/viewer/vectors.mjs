// The vectors of spec/vectors, and what is to be said of them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const VECTORS = new URL("../../spec/vectors/", import.meta.url);

const read = (file) => readFileSync(new URL(file, VECTORS));
export const bytesOf = (name) => new Uint8Array(read(`${name}.kmq`));
export const expected = (name) => JSON.parse(read(`valid/${name}.json`));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/** Small files of all kinds. */
export const SMALL = ["two_bands", "three_colors_modelled", "metadata_all", "modelled_pa_order", "frames",
  "frames_modelled"];

/** The class and the field of the error of an invalid vector. */
export function faultOf(name) {
  return read(`invalid/${name}.txt`).toString().match(/^expect: *(\w+) +(\w+)/m).slice(1);
}

/** Defines a test of each vector of a folder. */
export function testVectors(folder, check) {
  for (const file of readdirSync(new URL(folder, VECTORS))) {
    const name = file.slice(0, -4);
    if (file.endsWith(".kmq")) test(name, () => check(name, bytesOf(`${folder}/${name}`)));
  }
}

/** The bytes of each pixel's palette entry. */
function samplesOf({ palette, channels }, indices) {
  const entries = Array.from(indices, (index) =>
    palette.subarray(index * channels, (index + 1) * channels));
  return Buffer.concat(entries);
}

/** Asserts that frames have the pixels of a vector's text. */
export function checkPixels(picture, frames, wanted) {
  const pictures = wanted.frames ?? [wanted];
  assert.equal(frames.length, pictures.length);
  pictures.forEach(({ pixels, pixels_sha256 }, n) => {
    const samples = samplesOf(picture, frames[n].indices);
    if (pixels) assert.equal(hex(samples), pixels.join(""));
    else assert.equal(sha256(samples), pixels_sha256);
  });
}

/** Asserts that a picture and its frames, with durations, are what a vector's text says. */
export function checkPicture(picture, frames, wanted) {
  for (const field of ["width", "height", "mode"]) assert.equal(picture[field], wanted[field]);
  assert.equal(picture.palette.length, wanted.color_count * picture.channels);
  assert.equal(sha256(picture.palette), wanted.palette_sha256);
  const payloads = Array.from(picture.metadata, ([key, payload]) => [key, hex(payload)]);
  assert.deepEqual(Object.fromEntries(payloads), wanted.metadata);
  assert.equal(picture.frameCount, frames.length);
  checkPixels(picture, frames, wanted);
  (wanted.frames ?? [wanted]).forEach(({ indices, indices_sha256 }, n) => {
    const decoded = frames[n].indices;
    if (indices) assert.deepEqual([...decoded], indices.flat());
    else assert.equal(sha256(Buffer.from(Uint16Array.from(decoded).buffer)), indices_sha256);
  });
  const durations = wanted.durations ?? ["0/1"];
  const seconds = durations.map((fraction) => fraction.split("/").reduce((a, b) => a / b));
  assert.deepEqual(frames.map(({ duration }) => duration), seconds.map(Number));
}
