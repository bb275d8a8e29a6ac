// What a file has where, as far as it can be read. Numbers in comments are sections of spec/kmq.md.

import * as container from "../src/container.mjs";

const MOST_ROWS = 1000; // of a table

// 3, 10: offset, size and name of a field
const HEADER = [
  [0, 4, "magic"],
  [4, 1, "version"],
  [5, 1, "coding"],
  [6, 1, "mode"],
  [7, 1, "flags"],
  [8, 4, "width"],
  [12, 4, "height"],
  [16, 2, "color_count"],
  [18, 2, "band_rows"],
];
const CODINGS = ["packed", "modelled"];

/**
 * Fields of the header and parts of a file in its order, up to the first fault, which is a KmqError
 * or null; `omitted` parts are right, and left out as there are too many. What is coded in payloads
 * is not looked at.
 */
export function inspect(bytes) {
  const recorder = new Recorder(bytes);
  let fault = null;
  try {
    readAll(recorder);
  } catch (error) {
    if (!(error instanceof container.KmqError)) throw error;
    fault = error;
  }
  const { parts, omitted } = recorder;
  if (fault?.name === "ChecksumError") parts.at(-1).check = "wrong";
  return { header: fieldsOf(bytes), parts, omitted, fault };
}

/** A reader that notes what it takes, in parts. */
class Recorder extends container.Reader {
  parts = [];
  omitted = 0;
  band = 0;
  isHeadRead = false;

  take(count, field) {
    const { offset } = this;
    const taken = super.take(count, field);
    const name = this.#beginning(field);
    if (name && name !== this.parts.at(-1)?.name) this.begin({ name, offset, length: 0, check: "" });
    const part = this.parts.at(-1);
    part.length += count;
    if (field === "name") part.name = `metadata ${String.fromCharCode(...taken)}`;
    return taken;
  }

  checkChecksum() {
    super.checkChecksum();
    this.parts.at(-1).check = "right";
    this.isHeadRead = true;
  }

  /** Begins a part. Of too many, the last is replaced if it is right. */
  begin(part) {
    if (this.parts.length >= MOST_ROWS) {
      this.parts.pop();
      this.omitted++;
    }
    this.parts.push(part);
  }

  /** The name of the part that begins with a field, if one does. */
  #beginning(field) {
    if (field === "length") return this.isHeadRead && `band ${this.band++}`;
    if (field === "checksum") return !this.isHeadRead && "head checksum";
    return {
      header: "header",
      section_count: "section count",
      name_length: "metadata",
      palette: "palette",
      palette_length: "coded palette",
      frames_length: "frames",
    }[field];
  }
}

function readAll(recorder) {
  const header = container.readHeader(recorder);
  const { flags, colorCount, mode, bandCount } = header;
  if (flags & container.METADATA) container.readMetadata(recorder);
  if (flags & container.CODED_PALETTE) {
    container.readPalettePayload(recorder);
  } else {
    recorder.take(colorCount * mode.channels, "palette");
  }
  const animation = flags & container.FRAMES ? container.readAnimation(recorder, header) : null;
  recorder.checkChecksum();
  let end;
  if (animation) {
    end = readFrames(recorder, animation, bandCount);
  } else {
    for (let band = 0; band < bandCount; band++) container.readBand(recorder, header, band);
    end = recorder.offset;
  }
  container.checkEnd(end, recorder.end);
}

/** 6.5: where the last frame ends. */
function readFrames(recorder, animation, bandCount) {
  const offsets = container.findFrames(animation, recorder.offset);
  for (let frame = 0; frame < animation.frameCount; frame++) {
    const [offset, end] = offsets.subarray(frame, frame + 2);
    const part = { name: `frame ${frame}`, offset, length: end - offset, check: "" };
    if (end <= recorder.end) recorder.begin(part);
    const lengths = animation.lengths.subarray(frame * bandCount, (frame + 1) * bandCount);
    container.readFrame(recorder.bytes, offset, lengths);
    part.check = part.length ? "right" : "as before";
  }
  return offsets.at(-1);
}

/** 3: fields of the header that are there, whatever they hold; of no .kmq file, none. */
function fieldsOf(bytes) {
  if (container.MAGIC.some((byte, i) => i < bytes.length && byte !== bytes[i])) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return HEADER.filter(([offset, size]) => offset + size <= bytes.length).map(
    ([offset, size, name]) => {
      const raw = [...bytes.subarray(offset, offset + size)];
      const number = { 1: "getUint8", 2: "getUint16", 4: "getUint32" }[size];
      const value = view[number](offset, true);
      return { offset, name, raw: raw.map(hex).join(" "), value: describe(name, value) };
    },
  );
}

function describe(name, value) {
  switch (name) {
    case "magic":
      return "KMQ";
    case "coding":
      return CODINGS[value] ?? `unknown: ${value}`;
    case "mode":
      return container.MODES[value]?.name ?? `unknown: ${value}`;
    case "flags":
      return flagsOf(value);
    case "color_count":
    case "band_rows":
      return String(value + 1); // 3.8, 3.9: one less is stored
    default:
      return String(value);
  }
}

/** 3.5 */
function flagsOf(value) {
  const { METADATA, CODED_PALETTE, FRAMES } = container;
  const names = Object.entries({ METADATA, CODED_PALETTE, FRAMES })
    .filter(([, bits]) => (value & bits) === bits)
    .map(([name]) => name);
  return names.join(", ") || "none";
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}
