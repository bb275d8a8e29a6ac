// What is in a file, as tables.

import { download } from "./incoming.mjs";
import { describe } from "./metadata.mjs";
import { count, plural } from "./text.mjs";

/** Fills a table with rows of texts, below a row of headings. */
function fill(table, headings, rows) {
  const row = (name, texts) => {
    const line = document.createElement("tr");
    line.append(...texts.map((text) => element(name, text)));
    return line;
  };
  const [head, body] = ["thead", "tbody"].map((name) => document.createElement(name));
  head.append(row("th", headings));
  body.append(...rows.map((texts) => row("td", texts)));
  table.replaceChildren(head, body);
  return body.children;
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text;
  return made;
}

/** Shows what inspect.mjs gives of a file. */
export function showParts({ header, parts, omitted }, elements) {
  const fields = header.map(({ offset, name, raw, value }) => [String(offset), name, raw, value]);
  elements.header.closest("section").hidden = !fields.length;
  elements.parts.closest("section").hidden = !parts.length;
  fill(elements.header, ["Offset", "Field", "Bytes", "Value"], fields);
  const lines = parts.map(({ offset, name, length, check }) =>
    [count(offset), name, count(length), check]);
  const rows = fill(elements.parts, ["Offset", "Part", "Bytes", "Checksum"], lines);
  parts.forEach(({ check }, i) => rows[i].classList.toggle("wrong", check === "wrong"));
  elements.omitted.hidden = !omitted;
  elements.omitted.textContent = `${plural(omitted, "part")} more, all right.`;
}

/** Shows metadata, a Map of payloads by name. */
export function showMetadata(metadata, elements) {
  elements.metadata.hidden = !metadata.size;
  const entries = [...metadata].flatMap(([name, payload]) => {
    const { line, text } = describe(name, payload);
    const value = element("dd", `${line} `);
    const save = element("button", "Save");
    save.ariaLabel = `Save ${name}`;
    save.onclick = () => download([payload], name, "application/octet-stream");
    value.append(save);
    if (text) value.append(element("pre", text));
    return [element("dt", name), value];
  });
  elements.entries.replaceChildren(...entries);
}
