// What the page makes of files without a browser: node --test tests/viewer/page.test.mjs

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "../../tools/viewer/page/inspect.mjs";
import { describe as inWords } from "../../tools/viewer/page/metadata.mjs";
import { KmqError, load } from "../../tools/viewer/src/kmq.mjs";
import { bytesOf, testVectors } from "./vectors.mjs";

const codec = await load({ wasm: null });

/** Asserts that parts follow each other, from the first byte to one that is told. */
function checkParts(parts, end) {
  let offset = 0;
  for (const part of parts) {
    assert.equal(part.offset, offset);
    offset += part.length;
  }
  assert.equal(offset, end);
}

describe("parts of valid vectors follow each other up to the end, and all is right", () => {
  testVectors("valid", (_, bytes) => {
    const { header, parts, fault } = inspect(bytes);
    assert.equal(fault, null);
    assert.equal(header.length, 9);
    checkParts(parts, bytes.length);
    assert.ok(parts.every(({ check }) => ["", "right", "as before"].includes(check)));
  });
});

describe("parts of invalid vectors follow each other up to the fault", () => {
  testVectors("invalid", async (_, bytes) => {
    const { parts, fault } = inspect(bytes);
    const end = parts.reduce((sum, { length }) => sum + length, 0);
    checkParts(parts, end);
    assert.ok(end <= bytes.length);
    if (fault) assert.ok(fault instanceof KmqError);
    else assert.equal(end, bytes.length); // what is wrong is in a payload
    await assert.rejects(decodeAll(bytes), KmqError); // 8.1: perhaps another of several
  });
});

async function decodeAll(bytes) {
  if (codec.decode(bytes).frameCount === 1) return;
  const animation = await codec.open(bytes);
  for (let frame = 0; frame < animation.frameCount; frame++) animation.seek(frame);
}

test("parts, fields and checks of the example of 10.3", () => {
  const { header, parts } = inspect(bytesOf("valid/two_bands"));
  assert.deepEqual(
    parts.map(({ offset, name, length, check }) => [offset, name, length, check]),
    [
      [0, "header", 20, ""],
      [20, "section count", 1, ""],
      [21, "metadata comment", 16, ""],
      [37, "metadata dpi", 24, ""],
      [61, "palette", 6, ""],
      [67, "head checksum", 4, "right"],
      [71, "band 0", 10, "right"],
      [81, "band 1", 9, "right"],
    ],
  );
  const values = header.map(({ name, value }) => [name, value]);
  assert.deepEqual(Object.fromEntries(values), {
    magic: "KMQ",
    version: "0",
    coding: "packed",
    mode: "P",
    flags: "METADATA",
    width: "4",
    height: "3",
    color_count: "2",
    band_rows: "2",
  });
});

test("a wrong checksum, a missing end and bytes behind it are told where they are", () => {
  const bytes = bytesOf("valid/frames");
  const damaged = bytes.slice();
  damaged[60] ^= 1; // frame 1
  const { parts, fault } = inspect(damaged);
  assert.deepEqual([fault.name, fault.offset], ["ChecksumError", 61]);
  assert.deepEqual(
    parts.slice(-2).map(({ name, check }) => [name, check]),
    [["frame 0", "right"], ["frame 1", "wrong"]],
  );
  const cut = inspect(bytes.subarray(0, 67));
  assert.equal(cut.fault.name, "TruncatedError");
  assert.equal(cut.parts.at(-1).name, "frame 2");
  const longer = inspect(Uint8Array.from([...bytes, 0]));
  assert.deepEqual([longer.fault.name, longer.fault.field], ["FormatError", "end"]);
  assert.equal(longer.parts.at(-1).name, "frame 3");
});

test("of very many parts the last is kept, and the rest counted", () => {
  const height = 5000; // bands of one row, of one color, so that they have no bytes
  const head = bytesOf("valid/one_pixel").slice(0, 21);
  new DataView(head.buffer).setUint32(12, height, true);
  const bytes = new Uint8Array(head.length + 4 + 8 * height);
  bytes.set(head);
  let checksum = crc32(head, 0);
  const view = new DataView(bytes.buffer);
  view.setUint32(21, checksum, true);
  for (let at = 25; at < bytes.length; at += 8) {
    checksum = crc32(bytes.subarray(at, at + 4), checksum);
    view.setUint32(at + 4, checksum, true);
  }
  const { parts, omitted, fault } = inspect(bytes);
  assert.equal(fault, null);
  assert.equal(parts.length, 1000);
  assert.equal(omitted, 3 + height - 1000);
  assert.deepEqual(parts.at(-1).name, "band 4999");
});

/** 7.1, bit by bit. */
function crc32(bytes, previous) {
  let register = ~previous;
  for (const byte of bytes) {
    register ^= byte;
    for (let bit = 0; bit < 8; bit++) register = (register >>> 1) ^ (register & 1 ? 0xedb88320 : 0);
  }
  return ~register >>> 0;
}

test("metadata that nobody has judged cannot fail", () => {
  const names = ["comment", "dpi", "exif", "icc_profile", "x_other", "xmp"];
  for (const name of names) {
    for (let size = 0; size < 200; size++) {
      if (name === "dpi" && size !== 16) continue;
      for (const byte of [0, 1, 0x49, 0x64, 0xff]) {
        assert.match(inWords(name, new Uint8Array(size).fill(byte)).line, /./);
      }
    }
  }
});
