// The colors of a picture, with the share of each.

import { count, hexOf, percent, plural } from "./text.mjs";

const AT_ONCE = 512; // colors that are listed

/** `onLight` gets the index of the color to light, or null. */
export class Palette {
  #elements; // swatches, order, color, more
  #onLight;
  #colors = [];
  #counts = [];
  #total = 0;
  #pinned = null;
  #sequence = []; // indices as they are ordered
  #listed = 0;

  constructor(elements, onLight) {
    this.#elements = elements;
    this.#onLight = onLight;
    const { swatches, order, more } = elements;
    order.onchange = () => this.#list();
    more.onclick = () => this.#listMore();
    for (const name of ["pointerover", "focusin"]) {
      swatches.addEventListener(name, ({ target }) => this.#point(indexOf(target)));
    }
    for (const name of ["pointerleave", "focusout"]) {
      swatches.addEventListener(name, () => this.#point(null));
    }
    swatches.addEventListener("click", ({ target }) => this.#pin(indexOf(target)));
    swatches.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Takes red, green, blue and alpha of each color, and how many pixels have it. */
  show(colors, counts) {
    this.#colors = colors;
    this.#pinned = null;
    this.#count(counts);
    this.#list();
  }

  /** The counts of another frame; the order stays. */
  update(counts) {
    this.#count(counts);
    for (const button of this.#elements.swatches.children) {
      const share = this.#share(indexOf(button));
      if (button.lastChild.textContent !== share) button.lastChild.textContent = share;
    }
    this.#tell(this.#pinned);
  }

  #count(counts) {
    this.#counts = counts;
    this.#total = counts.reduce((sum, each) => sum + each, 0);
  }

  #share(index) {
    return percent(this.#counts[index] / this.#total);
  }

  #list() {
    const { swatches, order } = this.#elements;
    this.#sequence = [...this.#colors.keys()];
    if (order.value === "share") this.#sequence.sort((a, b) => this.#counts[b] - this.#counts[a]);
    this.#listed = 0;
    swatches.replaceChildren();
    this.#listMore();
    if (swatches.firstChild) swatches.firstChild.tabIndex = 0;
    this.#point(null);
  }

  #listMore() {
    const { swatches, more } = this.#elements;
    const next = this.#sequence.slice(this.#listed, this.#listed + AT_ONCE);
    swatches.append(...next.map((index) => this.#button(index)));
    this.#listed += next.length;
    const left = this.#sequence.length - this.#listed;
    more.hidden = !left;
    more.textContent = `Show ${Math.min(left, AT_ONCE)} more of ${count(this.#sequence.length)}`;
  }

  #button(index) {
    const button = document.createElement("button");
    const [sample, code, share] = ["i", "code", "span"].map((name) => document.createElement(name));
    sample.style.setProperty("--color", hexOf(this.#colors[index]));
    code.textContent = hexOf(this.#colors[index]);
    share.textContent = this.#share(index);
    button.append(sample, code, share);
    button.dataset.index = index;
    button.tabIndex = -1;
    button.ariaPressed = String(index === this.#pinned);
    return button;
  }

  /** Lights a color while it is pointed at, and then again the one that was chosen. */
  #point(index) {
    const lit = index ?? this.#pinned;
    this.#onLight(lit);
    this.#tell(lit);
  }

  /** Chooses a color, or none if it was chosen. */
  #pin(index) {
    if (index === null) return;
    this.#pinned = index === this.#pinned ? null : index;
    for (const button of this.#elements.swatches.children) {
      button.ariaPressed = String(indexOf(button) === this.#pinned);
    }
    this.#point(this.#pinned);
  }

  #walk(event) {
    const { swatches } = this.#elements;
    const buttons = [...swatches.children];
    const at = buttons.indexOf(event.target);
    const columns = getComputedStyle(swatches).gridTemplateColumns.split(" ").length;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    const ends = { Home: 0, End: buttons.length - 1 };
    const next = buttons[ends[event.key] ?? at + steps[event.key]];
    if (at < 0 || !next) return;
    event.preventDefault();
    event.target.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }

  #tell(index) {
    const { color } = this.#elements;
    if (index === null) {
      color.value = plural(this.#colors.length, "color");
      return;
    }
    const pixels = plural(this.#counts[index], "pixel");
    color.value = `${index}: ${hexOf(this.#colors[index])}, ${pixels}, ${this.#share(index)}`;
  }
}

/** The index of the color whose button an element is, or is in; null for none. */
function indexOf(element) {
  const button = element.closest("[data-index]");
  return button ? Number(button.dataset.index) : null;
}
