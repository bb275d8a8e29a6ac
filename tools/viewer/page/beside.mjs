// What a file has beside the pixels of its first frame, and what of it kmq-convert keeps.

const NAMES = {
  icc_profile: "the color profile",
  exif: "EXIF",
  xmp: "XMP",
  comment: "the comment",
  dpi: "the resolution",
};
const PNG_TEXTS = {
  Comment: "comment",
  comment: "comment",
  "Raw profile type exif": "exif",
  "XML:com.adobe.xmp": "xmp",
};
const FORMATS = [
  ["\x89PNG\r\n\x1a\n", ofPNG],
  ["GIF8", ofGIF],
  ["\xff\xd8\xff", ofJPEG],
  ["RIFF....WEBP", ofWebP],
  ["....ftyp", ofAVIF],
  ["BM", ofBMP],
];

/** What of a picture's file is not in its pixels, in words. */
export function leftOut(bytes) {
  const file = new Bytes(bytes);
  const [, walk] = FORMATS.find(([mark]) => file.isAt(0, mark)) ?? [];
  const found = walk ? [...walk(file)] : [];
  const parts = Object.keys(NAMES).filter((name) => found.includes(name)).map((name) => NAMES[name]);
  const isMoving = found.filter((name) => name === "frame").length > 1;
  return isMoving ? ["all frames but the first", ...parts] : parts;
}

/** Those of a file; those behind its end are 0. */
class Bytes {
  #bytes;

  constructor(bytes) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  byte(at) {
    return this.#bytes[at] ?? 0;
  }

  /** A number of several bytes, the largest one first. */
  big(at, length) {
    let number = 0;
    for (let i = 0; i < length; i++) number = 256 * number + this.byte(at + i);
    return number;
  }

  little(at, length) {
    let number = 0;
    for (let i = length - 1; i >= 0; i--) number = 256 * number + this.byte(at + i);
    return number;
  }

  text(at, length) {
    return String.fromCharCode(...this.#bytes.subarray(at, at + length));
  }

  /** Whether a text is at a place; a dot is any byte. */
  isAt(at, text) {
    return [...text].every((letter, i) => letter === "." || this.byte(at + i) === letter.charCodeAt());
  }
}

function* ofPNG(file) {
  let isAnimated = false;
  let isFirst = true; // until there is a frame
  for (let at = 8; at < file.size; at += 12 + file.big(at, 4)) {
    const name = file.text(at + 4, 4);
    const start = at + 8;
    if (name === "acTL") isAnimated = true;
    if (isAnimated && (name === "fcTL" || (name === "IDAT" && isFirst))) {
      yield "frame";
      isFirst = false;
    }
    if (name === "iCCP") yield "icc_profile";
    if (name === "eXIf") yield "exif";
    if (name === "pHYs" && file.byte(start + 8) === 1) yield "dpi"; // else only a ratio
    if (["tEXt", "zTXt", "iTXt"].includes(name)) {
      const [keyword] = file.text(start, Math.min(80, file.big(at, 4))).split("\0");
      if (Object.hasOwn(PNG_TEXTS, keyword)) yield PNG_TEXTS[keyword];
    }
  }
}

function* ofGIF(file) {
  const tableSize = (flags) => (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  let at = 13 + tableSize(file.byte(10));
  let isFirst = true;
  for (;;) {
    const kind = file.byte(at);
    if (kind === 0x2c) {
      yield "frame";
      isFirst = false;
      at += 11 + tableSize(file.byte(at + 9));
    } else if (kind === 0x21) {
      if (file.byte(at + 1) === 0xfe && isFirst) yield "comment"; // others are of later frames
      at += 2;
    } else {
      return;
    }
    while (file.byte(at)) at += 1 + file.byte(at);
    at++;
  }
}

function* ofJPEG(file) {
  let at = 2;
  while (file.byte(at) === 0xff) {
    const marker = file.byte(at + 1);
    const start = at + 4;
    if (marker === 0xff) {
      at++; // one that fills
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return; // pixels follow, or nothing
    if (marker === 0xe0 && file.isAt(start, "JFIF\0") && isDensity(file, start + 7)) yield "dpi";
    if (marker === 0xe1 && file.isAt(start, "Exif\0\0")) yield "exif";
    if (marker === 0xe1 && file.isAt(start, "http://ns.adobe.com/xap/1.0/\0")) yield "xmp";
    if (marker === 0xe2 && file.isAt(start, "ICC_PROFILE\0")) yield "icc_profile";
    if (marker === 0xfe) yield "comment";
    at += 2 + file.big(at + 2, 2);
  }
}

/** Whether it is one by inches or centimeters, and no ratio. */
function isDensity(file, at) {
  return [1, 2].includes(file.byte(at)) && file.big(at + 1, 2) > 0 && file.big(at + 3, 2) > 0;
}

function* ofWebP(file) {
  const names = { ICCP: "icc_profile", EXIF: "exif", "XMP ": "xmp", ANMF: "frame" };
  for (let at = 12; at < file.size; ) {
    const name = file.text(at, 4);
    if (Object.hasOwn(names, name)) yield names[name];
    const size = file.little(at + 4, 4);
    at += 8 + size + (size % 2);
  }
}

/** Of boxes, and of those in them. */
function* ofAVIF(file, start = 0, end = file.size, depth = 0) {
  const holds = { meta: 4, iinf: 6, iprp: 0, ipco: 0 }; // bytes ahead of the first box inside
  for (let at = start; at < end; ) {
    const size = file.big(at, 4) || end - at;
    const name = file.text(at + 4, 4);
    const inside = at + 8;
    if (size < 8) return;
    if (Object.hasOwn(holds, name) && depth < 3) {
      yield* ofAVIF(file, inside + holds[name], Math.min(at + size, end), depth + 1);
    }
    if (name === "colr" && ["prof", "rICC"].includes(file.text(inside, 4))) yield "icc_profile";
    if (name === "infe" && file.text(inside + 8, 4) === "Exif") yield "exif";
    if (name === "infe" && file.text(inside + 8, 4) === "mime") yield "xmp";
    if (name === "moov") yield* ["frame", "frame"]; // how many it has is deep inside
    at += size;
  }
}

function* ofBMP(file) {
  if (file.little(14, 4) >= 40 && file.little(38, 4) && file.little(42, 4)) yield "dpi";
}
