// node speed.mjs: for each line on standard input, an engine and a path, prints the milliseconds
// of one decoding.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { load } from "./dist/kmq.mjs";

const codecs = { wasm: await load(), javascript: await load({ wasm: null }) };
for await (const line of createInterface({ input: process.stdin })) {
  const [engine, ...words] = line.split(" ");
  const codec = codecs[engine];
  if (codec.engine !== engine) throw codec.reason;
  const bytes = new Uint8Array(readFileSync(words.join(" ")));
  const start = performance.now();
  codec.decode(bytes);
  console.log(performance.now() - start);
}
