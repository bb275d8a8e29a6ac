// Pixels of few colors to a palette and indices.

const MOST_COLORS = 65536;
const SLOTS = 2 ** 18; // of a hash table, so that no more than a quarter is full

/**
 * The fields of a picture with just these pixels, in the mode of fewest channels that has their
 * colors, which are in ascending order; null if there are more than 65,536.
 *
 * @param {Uint8ClampedArray | Uint8Array} rgba as ImageData has it
 * @param {number} width
 * @param {number} height
 */
export function indexed(rgba, width, height) {
  if (rgba.length !== 4 * width * height || !rgba.length) {
    throw new RangeError(`${rgba.length} bytes are not those of ${width} x ${height} pixels`);
  }
  const whole = rgba.byteOffset % 4 ? rgba.slice() : rgba;
  const pixels = new Uint32Array(whole.buffer, whole.byteOffset, width * height);
  const found = findColors(pixels);
  if (!found) return null;
  const { colors, numbers } = found;
  const samples = new Uint8Array(colors.buffer);
  const places = placesOf(samples);
  const { mode, kept } = modeOf(samples);
  const palette = new Uint8Array(colors.length * kept.length);
  places.forEach((place, color) => {
    kept.forEach((c, i) => (palette[place * kept.length + i] = samples[4 * color + c]));
  });
  const indices = new (colors.length > 256 ? Uint16Array : Uint8Array)(pixels.length);
  for (let i = 0; i < indices.length; i++) indices[i] = places[numbers[i]];
  return { width, height, mode, palette, indices };
}

/** The distinct colors as they are met, and the number of each pixel's. */
function findColors(pixels) {
  const slots = new Int32Array(SLOTS).fill(-1);
  const colors = new Uint32Array(MOST_COLORS);
  const numbers = new Uint16Array(pixels.length);
  let [count, before, number] = [0, ~pixels[0] >>> 0, 0];
  for (let i = 0; i < pixels.length; i++) {
    const color = pixels[i];
    if (color !== before) {
      let slot = Math.imul(color, 0x9e3779b1) >>> 14;
      while (slots[slot] >= 0 && colors[slots[slot]] !== color) slot = (slot + 1) % SLOTS;
      if (slots[slot] < 0) {
        if (count === MOST_COLORS) return null;
        colors[count] = color;
        slots[slot] = count++;
      }
      number = slots[slot];
      before = color;
    }
    numbers[i] = number;
  }
  return { colors: colors.slice(0, count), numbers };
}

/** The place of each color in ascending order of red, green, blue and alpha. */
function placesOf(samples) {
  const keys = new Float64Array(samples.length / 4);
  const view = new DataView(samples.buffer);
  for (let i = 0; i < keys.length; i++) keys[i] = view.getUint32(4 * i) * MOST_COLORS + i;
  const places = new Uint16Array(keys.length);
  keys.sort().forEach((key, place) => (places[key % MOST_COLORS] = place));
  return places;
}

function modeOf(samples) {
  let [isGray, isOpaque] = [true, true];
  for (let i = 0; i < samples.length; i += 4) {
    isGray &&= samples[i] === samples[i + 1] && samples[i] === samples[i + 2];
    isOpaque &&= samples[i + 3] === 255;
  }
  if (isGray) return isOpaque ? { mode: "L", kept: [0] } : { mode: "LA", kept: [0, 3] };
  return isOpaque ? { mode: "RGB", kept: [0, 1, 2] } : { mode: "RGBA", kept: [0, 1, 2, 3] };
}
