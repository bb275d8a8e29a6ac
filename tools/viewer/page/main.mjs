// The page: files that come in, and what is shown of one of them.

import { showMetadata, showParts } from "./details.mjs";
import { Engine } from "./engine.mjs";
import { faultInWords, madeInWords, tooManyColors } from "./messages.mjs";
import { download, listen } from "./incoming.mjs";
import { Palette } from "./palette.mjs";
import { Player } from "./player.mjs";
import { entriesOf } from "./png.mjs";
import { count, hexOf, plural } from "./text.mjs";
import { View } from "./view.mjs";

const elements = Object.fromEntries([...document.querySelectorAll("[id]")].map((e) => [e.id, e]));
const workerURL = URL.createObjectURL(
  new Blob([elements.worker.textContent], { type: "text/javascript" }),
);
const HIDDEN_AT_FIRST = ["welcome", "fault", "made", "player", "palette", "metadata", "details"];
const isKmq = (bytes) => [0x8b, 0x4b, 0x4d, 0x51].every((byte, i) => bytes[i] === byte);

const items = []; // name, file, button, and what became of it
let shown = null; // the item
let engine = null; // its worker
let spare = prepare(); // the worker of the next
let picture = null; // once it is decoded
let colors = []; // its palette
let player = null; // of its frames, if there are several

const view = new View(elements.canvas, elements.paper, {
  onChange: () => (elements.zoom.value = `${Number((100 * view.scale).toPrecision(3))} %`),
  onPoint: tellPixel,
});
const palette = new Palette(elements, (index) => view.light(index));

listen(elements.input, (files) => {
  const added = files.map((file) => ({ name: file.name, file }));
  items.push(...added);
  show(added[0]);
});

/** Shows a file, or why it cannot be shown. */
async function show(item) {
  engine?.stop();
  engine = spare;
  spare = prepare();
  shown = item;
  clear();
  list();
  item.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  try {
    await open(item, engine);
  } catch (error) {
    if (shown === item) fail(error);
  } finally {
    if (shown === item) elements.busy.hidden = true;
  }
}

/** A worker that gets ready for a file. */
function prepare() {
  const engine = new Engine(workerURL);
  engine.call("start", module("decoder")).catch(() => {}); // the next call tells why
  return engine;
}

async function open(item, engine) {
  item.bytes ??= await read(item.file);
  if (!isKmq(item.bytes) && !item.name.toLowerCase().endsWith(".kmq")) await make(item, engine);
  if (item.made) tellMade(item);
  const inspected = await engine.call("open", item.bytes);
  showParts(inspected, elements);
  elements.details.hidden = false;
  if (inspected.fault) throw inspected.fault;
  showPicture(await engine.call("decode"));
}

async function read(file) {
  try {
    return new Uint8Array(await file.arrayBuffer());
  } catch {
    throw new Error("This cannot be read: it is no file, or it is gone.");
  }
}

/** Makes a .kmq of another picture. */
async function make(item, engine) {
  const made = await engine.call("convert", { file: item.bytes, wasm: module("encoder") });
  if (!made.made) throw tooManyColors(item.name);
  item.made = { ...made, from: item.name, size: item.bytes.length };
  item.bytes = made.made;
  item.name = `${item.name.replace(/\.\w+$/, "")}.kmq`;
  list();
}

/** The bytes of a WebAssembly module in the page. */
function module(id) {
  return Uint8Array.from(atob(elements[id].textContent), (letter) => letter.charCodeAt());
}

function clear() {
  picture = null;
  player?.close();
  player = null;
  view.clear();
  for (const id of HIDDEN_AT_FIRST) elements[id].hidden = true;
  for (const id of ["main", "stage", "busy"]) elements[id].hidden = false;
  for (const id of ["copy", "png"]) elements[id].disabled = true;
  for (const id of ["zoom", "time"]) elements[id].value = "";
  tellPixel(null);
  tell("");
}

function showPicture(decoded) {
  picture = decoded;
  const { width, height, mode, palette: entries, channels, frameCount } = decoded;
  colors = entriesOf(entries, channels);
  view.show(decoded, colors);
  palette.show(colors, decoded.counts);
  showMetadata(decoded.metadata, elements);
  elements.palette.hidden = false;
  elements.player.hidden = frameCount === 1;
  elements.png.disabled = false;
  elements.copy.disabled = !globalThis.ClipboardItem || !navigator.clipboard;
  const parts = [`${count(width)} x ${count(height)}`, mode, plural(colors.length, "color")];
  if (frameCount > 1) parts.push(plural(frameCount, "frame"));
  if (decoded.engine === "javascript") parts.push("decoded without WebAssembly");
  const described = `${shown.name}: ${parts.join(", ")}`;
  elements.canvas.ariaLabel = described;
  tell(described);
  if (frameCount === 1) return;
  const decode = (frame) => engine.call("seek", frame);
  player = new Player(elements, decoded, { decode, show: showFrame, fail: tellFault });
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) player.play();
}

function showFrame({ indices, counts, number }) {
  elements.fault.hidden = true;
  picture.number = number;
  view.update(indices);
  palette.update(counts);
}

function tellFault(error) {
  elements.fault.hidden = false;
  elements.fault.textContent = faultInWords(error);
}

function fail(error) {
  elements.stage.hidden = true;
  tellFault(error);
  tell(`${shown.name} cannot be shown`);
}

function tell(text) {
  elements.status.textContent = text;
}

function tellMade({ made, name }) {
  const save = document.createElement("button");
  save.textContent = `Save ${name}`;
  save.onclick = () => download([made.made], name, "image/x-kmq");
  elements.made.replaceChildren(madeInWords(made), " ", save);
  elements.made.hidden = false;
}

function tellPixel(place) {
  elements.pixel.textContent = "\u00a0";
  if (!place) return;
  const index = picture.indices[place.y * picture.width + place.x];
  elements.pixel.textContent = `x ${place.x}, y ${place.y}: ${index}, ${hexOf(colors[index])}`;
}

function list() {
  elements.files.parentElement.hidden = items.length < 2;
  for (const item of items) {
    item.button ??= addButton(item);
    item.button.textContent = item.name;
    item.button.ariaCurrent = String(item === shown);
  }
}

/** Adds a file to the list; its button stays, as it may have the focus. */
function addButton(item) {
  const line = document.createElement("li");
  const button = document.createElement("button");
  button.onclick = () => show(item);
  line.append(button);
  elements.files.append(line);
  return button;
}

/** The name of the PNG of what is shown. */
function nameOfPNG() {
  const base = shown.name.replace(/\.kmq$/i, "");
  return picture.frameCount > 1 ? `${base}-${picture.number}.png` : `${base}.png`;
}

elements.fit.onclick = () => view.fit();
elements.actual.onclick = () => view.actual();
elements.out.onclick = () => view.zoom(0.5);
elements.in.onclick = () => view.zoom(2);
elements.stop.onclick = () => engine.stop();
elements.png.onclick = async () => {
  player?.pause();
  const name = nameOfPNG();
  try {
    download([await engine.call("png")], name, "image/png");
  } catch (error) {
    tell(error.message);
  }
};
elements.copy.onclick = async () => {
  player?.pause();
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": engine.call("png") })]);
    tell("Copied");
  } catch (error) {
    tell(`Not copied: ${error.message}`);
  }
};
