// A picture that one zooms and moves. Only what is seen is drawn, so no size is too large.

const MOST_SCALE = 64;
const MOST_SAMPLES = 4; // of a pixel of the screen, in each direction

/** `scale` is pixels of the screen by one of the picture. */
export class View {
  scale = 1;
  #canvas;
  #paper;
  #picture = null; // width, height, indices
  #colors; // as words of 32 bits
  #shown; // the same, or with one of them lit
  #left = 0; // of the picture, in pixels of the screen
  #top = 0;
  #isFitted = true;
  #isDue = false;
  #onChange;
  #onPoint;

  /** `onChange` is told when the scale changes; `onPoint` gets x and y below the pointer. */
  constructor(canvas, paper, { onChange, onPoint }) {
    this.#canvas = canvas;
    this.#paper = paper;
    this.#onChange = onChange;
    this.#onPoint = onPoint;
    new ResizeObserver(() => this.#resize()).observe(canvas.parentElement);
    this.#listen();
  }

  /** `colors` are red, green, blue and alpha of each entry. */
  show(picture, colors) {
    this.#picture = picture;
    this.#colors = Uint32Array.from(colors, wordOf);
    this.#shown = this.#colors;
    this.fit();
  }

  clear() {
    this.#picture = null;
    this.#draw();
  }

  /** Other indices of the same picture. */
  update(indices) {
    this.#picture.indices = indices;
    this.#draw();
  }

  /** Lights the pixels of a color, or of none if it is null. */
  light(index) {
    if (!this.#picture) return;
    this.#shown = index === null ? this.#colors : this.#colors.map(fadeAgainst(this.#colors[index]));
    if (index !== null) this.#shown[index] = this.#colors[index] | OPAQUE;
    this.#draw();
  }

  /** All of the picture, in whole pixels if it is small. */
  fit() {
    if (!this.#picture) return;
    const { width, height } = this.#picture;
    const scale = Math.min(this.#canvas.width / width, this.#canvas.height / height);
    this.#zoomTo(scale > 1 ? Math.min(Math.floor(scale), MOST_SCALE) : scale);
    this.#isFitted = true;
  }

  /** Pixels of the picture as pixels of the screen. */
  actual() {
    this.#zoomTo(1);
  }

  /** Zooms by a factor around a place of the canvas. */
  zoom(factor, x = this.#canvas.width / 2, y = this.#canvas.height / 2) {
    this.#zoomTo(this.scale * factor, x, y);
  }

  move(x, y) {
    this.#left += x;
    this.#top += y;
    this.#place();
  }

  #zoomTo(scale, x = this.#canvas.width / 2, y = this.#canvas.height / 2) {
    if (!this.#picture) return;
    const { width, height } = this.#picture;
    const least = Math.min(1, 16 / Math.max(width, height));
    const bounded = Math.min(Math.max(scale, least), MOST_SCALE);
    const factor = bounded / this.scale;
    this.#left = x - (x - this.#left) * factor;
    this.#top = y - (y - this.#top) * factor;
    this.scale = bounded;
    this.#isFitted = false;
    this.#place();
    this.#onChange();
  }

  /** Keeps the picture in the middle, or the view full of it. */
  #place() {
    const { width, height } = this.#picture;
    const within = (at, size, room) =>
      Math.round(size <= room ? (room - size) / 2 : Math.min(0, Math.max(room - size, at)));
    this.#left = within(this.#left, width * this.scale, this.#canvas.width);
    this.#top = within(this.#top, height * this.scale, this.#canvas.height);
    this.#draw();
  }

  #resize() {
    const { clientWidth, clientHeight } = this.#canvas.parentElement;
    this.#canvas.width = Math.max(1, Math.round(clientWidth * devicePixelRatio));
    this.#canvas.height = Math.max(1, Math.round(clientHeight * devicePixelRatio));
    if (!this.#picture) return;
    if (this.#isFitted) this.fit();
    else this.#place();
    this.#paint(); // at once, as the canvas is empty
  }

  #draw() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#paint();
    });
  }

  #paint() {
    const context = this.#canvas.getContext("2d");
    context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const seen = this.#seen();
    this.#paper.hidden = !seen;
    if (!seen) return;
    const { left, top, width, height } = seen;
    for (const [name, value] of Object.entries(seen)) {
      this.#paper.style[name] = `${value / devicePixelRatio}px`;
    }
    const image = context.createImageData(width, height);
    const pixels = new Uint32Array(image.data.buffer);
    const samples = Math.min(MOST_SAMPLES, Math.ceil(1 / this.scale));
    const columns = this.#places(left - this.#left, width, samples, this.#picture.width);
    const rows = this.#places(top - this.#top, height, samples, this.#picture.height);
    if (samples === 1) this.#enlarge(pixels, columns, rows);
    else this.#average(pixels, columns, rows, samples);
    context.putImageData(image, left, top);
  }

  /** The part of the canvas with the picture on it. */
  #seen() {
    if (!this.#picture) return null;
    const left = Math.max(0, this.#left);
    const top = Math.max(0, this.#top);
    const right = this.#left + Math.round(this.#picture.width * this.scale);
    const bottom = this.#top + Math.round(this.#picture.height * this.scale);
    const width = Math.max(1, Math.min(this.#canvas.width, right) - left);
    const height = Math.max(1, Math.min(this.#canvas.height, bottom) - top);
    return { left, top, width, height };
  }

  /** Where samples of pixels of the screen are in the picture, in one direction. */
  #places(first, count, samples, size) {
    return Int32Array.from({ length: count * samples }, (_, i) =>
      Math.min(size - 1, Math.floor((first + (i + 0.5) / samples) / this.scale)));
  }

  #enlarge(pixels, columns, rows) {
    const { width: stride, indices } = this.#picture;
    const colors = this.#shown;
    const width = columns.length;
    for (let y = 0; y < rows.length; y++) {
      if (y && rows[y] === rows[y - 1]) {
        pixels.copyWithin(y * width, (y - 1) * width, y * width);
        continue;
      }
      const row = rows[y] * stride;
      for (let x = 0; x < width; x++) pixels[y * width + x] = colors[indices[row + columns[x]]];
    }
  }

  #average(pixels, columns, rows, samples) {
    const { width: stride, indices } = this.#picture;
    const colors = this.#shown;
    const width = columns.length / samples;
    for (let y = 0, to = 0; y < rows.length; y += samples) {
      for (let x = 0; x < columns.length; x += samples, to++) {
        let red = 0, green = 0, blue = 0, alpha = 0; // no arrays, as this is done for each pixel
        for (let j = y; j < y + samples; j++) {
          const row = rows[j] * stride;
          for (let i = x; i < x + samples; i++) {
            const color = colors[indices[row + columns[i]]];
            const weight = color >>> 24;
            red += (color & 255) * weight;
            green += ((color >> 8) & 255) * weight;
            blue += ((color >> 16) & 255) * weight;
            alpha += weight;
          }
        }
        if (alpha === 0) continue;
        const opacity = Math.round(alpha / samples ** 2);
        pixels[to] = Math.round(red / alpha) | (Math.round(green / alpha) << 8)
          | (Math.round(blue / alpha) << 16) | (opacity << 24);
      }
    }
  }

  #listen() {
    const canvas = this.#canvas;
    const pointers = new Map();
    const at = (event) => [event.offsetX * devicePixelRatio, event.offsetY * devicePixelRatio];
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      pointers.set(event.pointerId, at(event));
    });
    for (const name of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(name, (event) => pointers.delete(event.pointerId));
    }
    canvas.addEventListener("pointermove", (event) => {
      const before = pointers.get(event.pointerId);
      if (!before) return this.#point(...at(event));
      const now = at(event);
      pointers.set(event.pointerId, now);
      const others = [...pointers].filter(([id]) => id !== event.pointerId);
      if (!others.length) return this.#picture && this.move(now[0] - before[0], now[1] - before[1]);
      const [[, [x, y]]] = others; // two fingers
      const distance = (place) => Math.hypot(place[0] - x, place[1] - y) || 1;
      return this.zoom(distance(now) / distance(before), x, y);
    });
    canvas.addEventListener("pointerleave", () => this.#onPoint(null));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      this.zoom(2 ** (-event.deltaY / 300), ...at(event));
    });
    const step = 48 * devicePixelRatio;
    const keys = {
      "+": () => this.zoom(2),
      "=": () => this.zoom(2),
      "-": () => this.zoom(0.5),
      0: () => this.fit(),
      1: () => this.actual(),
      ArrowLeft: () => this.move(step, 0),
      ArrowRight: () => this.move(-step, 0),
      ArrowUp: () => this.move(0, step),
      ArrowDown: () => this.move(0, -step),
    };
    canvas.addEventListener("keydown", (event) => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey;
      if (!this.#picture || !isPlain || !(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  #point(x, y) {
    if (!this.#picture) return;
    const column = Math.floor((x - this.#left) / this.scale);
    const row = Math.floor((y - this.#top) / this.scale);
    const { width, height } = this.#picture;
    const isInside = column >= 0 && row >= 0 && column < width && row < height;
    this.#onPoint(isInside ? { x: column, y: row } : null);
  }
}

const OPAQUE = 0xff000000;

/** A color as ImageData has it, on the little-endian machines that browsers run on. */
function wordOf([red, green, blue, alpha]) {
  return (red | (green << 8) | (blue << 16) | (alpha << 24)) >>> 0;
}

/** What other colors become beside one that is lit: dark if it is light, and light if it is dark. */
function fadeAgainst(lit) {
  const lightness = (word) =>
    (2 * (word & 255) + 5 * ((word >> 8) & 255) + ((word >> 16) & 255)) / 8;
  const background = lightness(lit) > 100 ? 0 : 191;
  return (word) => {
    const gray = background + Math.round((lightness(word) * (word >>> 24)) / 255 / 4);
    return wordOf([gray, gray, gray, 255]);
  };
}
