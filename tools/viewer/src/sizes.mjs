// Sizes of an element, as of an <img>.

/** The style sheet of attributes, of which each is a text or null. */
export function rulesOf(...attributes) {
  const [width, height] = attributes.map(lengthOf);
  const rules = [];
  if (width) rules.push(`:host { width: ${width.number}${width.unit} }`);
  if (width?.number && height?.number && width.unit + height.unit === "pxpx") {
    rules.push(`canvas { aspect-ratio: ${width.number} / ${height.number} }`);
  } else if (height) {
    if (!width) rules.push("canvas { width: auto }");
    rules.push(...height.unit === "px"
      ? [`canvas { height: ${height.number}px }`]
      : [`:host { height: ${height.number}% }`, "canvas { height: 100% }"]);
  }
  return rules.join("\n");
}

/** A number of pixels, or of percents, as HTML reads it; null if it is none. */
function lengthOf(text) {
  const [, number, percent] = /^\s*(\d+(?:\.\d*)?)(%?)/.exec(text ?? "") ?? [];
  return number === undefined ? null : { number: Number(number), unit: percent || "px" };
}
