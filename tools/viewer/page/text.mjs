// Values in words.

export function count(number) {
  return number.toLocaleString("en");
}

export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

export function percent(share) {
  const percents = 100 * share;
  if (percents > 0 && percents < 0.05) return "< 0.1 %";
  return `${percents && percents.toFixed(1)} %`;
}

/** A color as in style sheets, with alpha if it is not opaque. */
export function hexOf([red, green, blue, alpha]) {
  const samples = alpha === 255 ? [red, green, blue] : [red, green, blue, alpha];
  return `#${samples.map((each) => each.toString(16).padStart(2, "0")).join("")}`;
}
