// Metadata in words. Numbers in comments are sections of spec/kmq.md.

import { plural } from "./text.mjs";

const MOST_TEXT = 4000; // letters that are shown
const ORIENTATIONS = [
  "upright",
  "to be mirrored left to right",
  "to be turned by 180°",
  "to be mirrored top to bottom",
  "to be mirrored along the main diagonal",
  "to be turned right",
  "to be mirrored along the other diagonal",
  "to be turned left",
];

/** 4.1: what a payload says, in a line or as a longer `text`. */
export function describe(name, payload) {
  switch (name) {
    case "comment":
    case "xmp":
      return { line: plural(payload.length, "byte"), text: textOf(payload) };
    case "dpi":
      return { line: dpiOf(payload) };
    case "exif":
      return { line: plural(payload.length, "byte") + orientationOf(payload) };
    case "icc_profile":
      return { line: plural(payload.length, "byte") + profileName(payload) };
    default:
      return { line: plural(payload.length, "byte") };
  }
}

function textOf(payload) {
  const text = new TextDecoder().decode(payload.subarray(0, 4 * MOST_TEXT));
  return text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text;
}

function dpiOf(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset);
  const [across, down] = [0, 8].map((at) => Number(view.getFloat64(at, true).toPrecision(6)));
  return across === down ? String(across) : `${across} across, ${down} down`;
}

/** The orientation in a TIFF structure, if it can be read; nobody has judged it. */
function orientationOf(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  try {
    const isLittle = view.getUint16(0) === 0x4949;
    const directory = view.getUint32(4, isLittle);
    const entries = view.getUint16(directory, isLittle);
    for (let at = directory + 2; at < directory + 2 + 12 * entries; at += 12) {
      if (view.getUint16(at, isLittle) !== 0x0112) continue;
      const orientation = ORIENTATIONS[view.getUint16(at + 8, isLittle) - 1];
      return orientation ? `; ${orientation}` : "";
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return "";
}

/** The name of an ICC profile, if it can be read. */
function profileName(payload) {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const isAt = (at, tag) => [...tag].every((letter, i) => view.getUint8(at + i) === letter.charCodeAt());
  try {
    const tags = view.getUint32(128);
    for (let at = 132; at < 132 + 12 * tags; at += 12) {
      if (!isAt(at, "desc")) continue;
      const start = view.getUint32(at + 4);
      if (isAt(start, "mluc")) {
        const length = view.getUint32(start + 20);
        return quote("utf-16be", payload, start + view.getUint32(start + 24), length);
      }
      return quote("latin1", payload, start + 12, view.getUint32(start + 8) - 1);
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return "";
}

function quote(encoding, payload, start, length) {
  const text = new TextDecoder(encoding).decode(payload.subarray(start, start + Math.min(length, 200)));
  return text ? `: ${text}` : "";
}
