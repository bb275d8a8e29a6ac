// What an element shows in place of a picture.

import { make } from "./controls.mjs";

const FAULTS = {
  SignatureError: "is no .kmq file",
  UnsupportedError: "needs a newer viewer",
  TruncatedError: "is not whole",
  LimitError: "is too large",
  FormatError: "is damaged",
  ChecksumError: "is damaged",
};
const LINKED = ["http:", "https:", "file:", "blob:"]; // others may run scripts, or open nothing
const LONGEST = 200; // letters of a text, as data: addresses are long

/** Why there is no picture. */
export function inWords({ name, message }) {
  return `The picture ${FAULTS[name] ?? "cannot be shown"}: ${message}. `;
}

/** A link to a file, or only its text where a click could do anything but go there. */
export function linkTo(url, text) {
  const link = LINKED.includes(url?.protocol) ? make("a", { href: url.href }) : make("span");
  link.textContent = text.slice(0, LONGEST);
  return link;
}

/** An address as the page has it, or null if it is none. */
export function urlOf(address) {
  try {
    return new URL(address, document.baseURI);
  } catch {
    return null;
  }
}
