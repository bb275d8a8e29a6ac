// Orders of codes, as kmcodec/coding/order.py has them: similar colors should have close numbers,
// and the palette should be short.

/** Entries by green, then red, blue and alpha, which is shortest to code. Gray counts as green. */
export function greenOrder(palette, channels) {
  const samples = channels > 2 ? [1, 0, 2, 3].slice(0, channels) : [0, 1].slice(0, channels);
  const keys = new Float64Array(palette.length / channels);
  for (let i = 0; i < keys.length; i++) {
    keys[i] = samples.reduce((key, c) => 256 * key + palette[i * channels + c], 0);
  }
  return sortByKeys(Uint16Array.from(keys.keys()), keys);
}

/**
 * Entries as leaves of a tree of splits: every node is sorted along the axis on which its entries
 * vary most, each weighted by the square root of its number of pixels, and is split where the
 * numbers differ in their next bit. All is of integers, so that the order is the same everywhere.
 */
export function splitOrder(palette, channels, counts) {
  const count = counts.length;
  const weights = Float64Array.from(counts, (pixels) => Math.floor(Math.sqrt(pixels)) || 1);
  const axes = axesOf(channels).map((axis) => projection(palette, axis));
  let order = Uint16Array.from(counts.keys());
  for (let bit = 31 - Math.clz32(count - 1); bit >= 0; bit--) {
    const keys = new Float64Array(count);
    for (let start = 0; start < count; start += 2 << bit) {
      const node = order.subarray(start, Math.min(start + (2 << bit), count));
      const { values } = widestAxis(axes, weights, node);
      for (let i = 0; i < node.length; i++) keys[start + i] = start * 4096 + values[node[i]] + 1024;
    }
    order = sortByKeys(order, keys);
  }
  return order;
}

/** Of each two opposite vectors of -1, 0 and 1 that which begins with 1. */
function axesOf(channels) {
  let axes = [[]];
  for (let c = 0; c < channels; c++) axes = axes.flatMap((axis) => [1, 0, -1].map((x) => [...axis, x]));
  return axes.filter((axis) => axis.find((x) => x !== 0) === 1);
}

function projection(palette, axis) {
  const values = new Int32Array(palette.length / axis.length);
  for (let i = 0; i < values.length; i++) {
    values[i] = axis.reduce((sum, x, c) => sum + x * palette[i * axis.length + c], 0);
  }
  const length = axis.filter((x) => x !== 0).length; // squared
  return { values, fairness: 12 / length };
}

function widestAxis(axes, weights, node) {
  let [widest, most] = [axes[0], -1];
  for (const axis of axes) {
    const { values, fairness } = axis;
    let [sum, weight, spread] = [0, 0, 0];
    for (const entry of node) {
      sum += values[entry] * weights[entry];
      weight += weights[entry];
    }
    const mean = Math.floor(sum / weight);
    for (const entry of node) spread += (values[entry] - mean) ** 2 * weights[entry];
    if (spread * fairness > most) [widest, most] = [axis, spread * fairness];
  }
  return widest;
}

/** Some numbers in ascending order of a key of each, equal ones as they are: keys are below 2^36. */
function sortByKeys(numbers, keys) {
  const placed = keys.map((key, place) => key * 65536 + place).sort();
  return Uint16Array.from(placed, (key) => numbers[key % 65536]);
}
