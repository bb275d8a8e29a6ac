// <kmq-img src="picture.kmq" alt="What it shows">: an image, or an animation that plays.

import { Clock } from "./clock.mjs";
import { Controls, make } from "./controls.mjs";
import { inWords, linkTo, urlOf } from "./fault.mjs";
import { load, toRGBA } from "./kmq.mjs";
import { rulesOf } from "./sizes.mjs";

const STYLE = `
:host { display: inline-block; position: relative; vertical-align: bottom }
:host([hidden]) { display: none }
canvas { display: block; width: 100% }
[hidden] { display: none !important }
p { margin: 0; padding: 0.5em; border: 1px solid; font: 0.875rem/1.4 system-ui, sans-serif }
div { position: absolute; inset: auto 0 0; display: flex; gap: 0.5em; padding: 0.4em;
  background: #000a; color: #fff }
:host(:not([controls])) div:not(:focus-within) { opacity: 0 }
:host(:not([controls]):hover) div { opacity: 1 }
button { width: 2.2em; padding: 0.5em; border: 0; background: none; color: inherit; cursor: pointer }
button::before { content: ""; display: block; width: 1.2em; height: 1.2em; background: currentColor;
  clip-path: polygon(10% 0, 100% 50%, 10% 100%) }
.playing::before { clip-path: polygon(10% 0, 35% 0, 35% 100%, 65% 100%, 65% 0, 90% 0, 90% 100%, 10% 100%) }
input { flex: 1; min-width: 0; accent-color: #fff }
:is(button, input):focus-visible { outline: 2px solid #fff; outline-offset: 1px }
`;
const NEAR = "50% 0px"; // of the view, where a lazy picture is loaded
const REDUCED = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * Attributes: `src`, `alt`, `width`, `height`, `loading="lazy"` and `crossorigin` as of <img>;
 * `paused` for an animation that waits to be played, as it does for users who prefer reduced motion;
 * `controls` for controls that are always seen, not only when they are pointed at or have the focus.
 * What is inside the element is shown where the file cannot be: a link to it, by default.
 *
 * Events: `load`, `error`, and of animations `play`, `pause` and `ended`.
 */
export class KmqImg extends HTMLElement {
  static observedAttributes = ["src", "alt", "width", "height", "loading"];

  /** A promise of the codec of all elements; a page may set another before there is one. */
  static codec = null;

  #canvas = make("canvas", { part: "picture", role: "img" });
  #message = make("p", { part: "message", role: "alert" });
  #controls = new Controls(this);
  #sizes = new CSSStyleSheet();
  #observer = new IntersectionObserver((entries) => this.#see(entries.at(-1)), { rootMargin: NEAR });
  #isWaiting = false; // to be near
  #arriving = null; // aborts what is loaded
  #picture = null;
  #animation = null;
  #clock = null;
  #isSeen = false;
  #isPaused = false; // by the user or an attribute, wherever it is seen or not
  #error = null;
  #isComplete = false;

  constructor() {
    super();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet, this.#sizes];
    root.append(this.#canvas, this.#controls.element, this.#message);
    this.#clear();
  }

  connectedCallback() {
    this.#observer.observe(this);
    if (!this.#arriving && !this.#isComplete) this.#start();
  }

  disconnectedCallback() {
    this.#observer.unobserve(this);
    // not if it is only moved
    queueMicrotask(() => {
      if (!this.isConnected) this.#clear();
    });
  }

  attributeChangedCallback(name) {
    if (name === "alt") this.#describe();
    else if (name === "width" || name === "height") this.#resize();
    else if (name === "src" ? this.isConnected : this.#isWaiting) this.#start();
  }

  /** The address of the file, as of an <img>: as it stands there if it is none. */
  get src() {
    const src = this.getAttribute("src");
    return src === null ? "" : (urlOf(src)?.href ?? src);
  }

  /** Where the file is, or null if that is not told. */
  get #address() {
    const src = this.getAttribute("src");
    return src ? urlOf(src) : null;
  }

  set src(value) {
    this.setAttribute("src", value);
  }

  get alt() {
    return this.getAttribute("alt") ?? "";
  }

  set alt(value) {
    this.setAttribute("alt", value);
  }

  get naturalWidth() {
    return this.#picture?.width ?? 0;
  }

  get naturalHeight() {
    return this.#picture?.height ?? 0;
  }

  /** How many frames there are: 1 if it is no animation, and 0 before it is known. */
  get frameCount() {
    return this.#picture?.frameCount ?? 0;
  }

  /** Whether the whole file has arrived and is shown, or an error has been met. */
  get complete() {
    return this.#isComplete;
  }

  /** Why the file is not shown, or null. */
  get error() {
    return this.#error;
  }

  get paused() {
    return !this.#clock || this.#isPaused;
  }

  /** The number of the frame that is shown. */
  get currentFrame() {
    return this.#clock?.frame ?? 0;
  }

  set currentFrame(frame) {
    if (!this.#clock) return;
    this.#clock.go(Math.max(0, Math.min(Math.trunc(frame) || 0, this.#animation.arrived - 1)));
  }

  play() {
    if (!this.#clock || !this.paused) return;
    this.#isPaused = false;
    this.#run();
    this.#tell("play");
  }

  pause() {
    if (this.paused) return;
    this.#isPaused = true;
    this.#clock.halt();
    this.#tell("pause");
  }

  #tell(event) {
    this.#controls.update(this);
    this.dispatchEvent(new Event(event));
  }

  /** Loads the file, now or once it is near. */
  #start() {
    this.#clear();
    if (!this.hasAttribute("src")) return;
    this.#isWaiting = this.getAttribute("loading") === "lazy" && !this.#isSeen;
    if (this.#isWaiting) return;
    this.#arriving = new AbortController();
    this.#load(this.#arriving.signal);
  }

  #see({ isIntersecting }) {
    this.#isSeen = isIntersecting;
    if (isIntersecting && this.#isWaiting) this.#start();
    else this.#run();
  }

  async #load(signal) {
    try {
      KmqImg.codec ??= load();
      const body = await this.#ask(signal);
      for await (const part of (await KmqImg.codec).stream(body)) {
        if (signal.aborted) return;
        this.#take(part);
        await new Promise((resolve) => setTimeout(resolve)); // so that the page stays alive
        if (signal.aborted) return;
      }
      this.#isComplete = true;
      this.#tell("load");
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
    }
  }

  /** Asks for the file, and gives the stream of it. */
  async #ask(signal) {
    const address = this.#address;
    if (!address) throw new Error("src is no address");
    const isShared = this.getAttribute("crossorigin") === "use-credentials";
    const response = await fetch(address, { signal, credentials: isShared ? "include" : "same-origin" });
    if (!response.ok) throw new Error(`the server says ${response.status} ${response.statusText}`);
    return response.body;
  }

  /** Shows what has arrived. */
  #take({ picture, first, indices, animation }) {
    if (!this.#picture) this.#begin(picture, animation);
    if (indices) this.#draw(indices, first);
    else this.#run();
  }

  #begin(picture, animation) {
    const { width, height } = picture;
    this.#picture = picture;
    Object.assign(this.#canvas, { width, height });
    if (!this.#canvas.getContext("2d")) throw new Error("the browser cannot show so large a picture");
    if (!animation) return;
    this.#animation = animation;
    this.#clock = new Clock(animation, { show: (n) => this.#show(n), end: () => this.#stop() });
    this.#isPaused = this.hasAttribute("paused") || REDUCED.matches;
    this.#controls.element.hidden = false;
    this.#clock.go(0);
  }

  /** Shows a frame. */
  #show(frame) {
    try {
      this.#draw(this.#animation.seek(frame), 0);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#controls.update(this);
  }

  #draw(indices, first) {
    const pixels = new ImageData(toRGBA(this.#picture, indices), this.#picture.width);
    this.#canvas.getContext("2d").putImageData(pixels, 0, first);
  }

  /** Lets an animation run where it is seen. */
  #run() {
    if (!this.#clock) return;
    if (this.#isSeen && !this.#isPaused) this.#clock.run();
    else this.#clock.halt();
  }

  #stop() {
    this.#isPaused = true;
    this.#tell("ended");
  }

  /** Shows why there is no picture, and what the element has inside or a link. */
  #fail(error) {
    this.#clear();
    const slot = make("slot");
    slot.append(linkTo(this.#address, this.alt || this.getAttribute("src")));
    this.#message.replaceChildren(inWords(error), slot);
    this.#message.hidden = false;
    this.#canvas.hidden = true;
    this.#error = error;
    this.#isComplete = true;
    this.dispatchEvent(new Event("error"));
  }

  /** Ends what is done, and frees what is held. */
  #clear() {
    this.#arriving?.abort();
    this.#clock?.halt();
    this.#arriving = this.#picture = this.#animation = this.#clock = this.#error = null;
    this.#isComplete = this.#isWaiting = false;
    Object.assign(this.#canvas, { width: 0, height: 0, hidden: false });
    this.#message.hidden = this.#controls.element.hidden = true;
    this.#message.replaceChildren();
  }

  /** Without `alt` it is a picture of unknown content; with an empty one it is decoration. */
  #describe() {
    const isDecoration = this.getAttribute("alt") === "";
    this.#canvas.ariaHidden = isDecoration ? "true" : null;
    this.#canvas.ariaLabel = this.alt || null;
  }

  /** As of an <img>: sizes that a style sheet of the page overrides, known before the file is. */
  #resize() {
    this.#sizes.replaceSync(rulesOf(this.getAttribute("width"), this.getAttribute("height")));
  }
}

if (!customElements.get("kmq-img")) customElements.define("kmq-img", KmqImg);
