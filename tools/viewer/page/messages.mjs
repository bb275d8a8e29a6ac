// What became of a file, in words.

import { count, percent } from "./text.mjs";

const FAULTS = {
  SignatureError: "This is not a .kmq file.",
  TruncatedError: "The end of the file is missing.",
  UnsupportedError: "The file is damaged, or newer than this page.",
  LimitError: "The picture is larger than this page shows.",
};

/** What is wrong with a file. */
export function faultInWords({ name, message, field, fault, offset }) {
  if (offset === undefined) return message;
  const kind = FAULTS[name] ?? "The file is damaged.";
  return `${kind} (${name} at byte ${count(offset)}, ${field}: ${fault})`;
}

/** How large a .kmq is, beside what it was made of if it has all that this has. */
export function madeInWords({ from, size, made, leftOut }) {
  const bytes = count(made.length);
  const exact = "and all pixels are as this browser reads them.";
  if (leftOut.length) {
    const parts = leftOut.join(", ");
    return `Made of ${from}: ${bytes} bytes, ${exact} Left out, while kmq-convert keeps it: ${parts}.`;
  }
  const share = percent(made.length / size);
  return `Made of ${from}: ${count(size)} bytes became ${bytes}, ${share}, ${exact}`;
}

/** The error that a picture has too many colors for the page. */
export function tooManyColors(name) {
  const quoted = `'${name.replaceAll("'", "'\\''")}'`;
  return new Error(
    `${name} has more than 65,536 colors, too many to keep all. kmq-convert chooses the best ones: `
      + `kmq-convert -k 256 ${quoted}`,
  );
}
