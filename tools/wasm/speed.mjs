// node speed.mjs MODULE: for each path on standard input, prints the milliseconds of one decoding.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { load } from "./kmq.mjs";

const decoder = await load(readFileSync(process.argv[2]));
for await (const path of createInterface({ input: process.stdin })) {
  const bytes = new Uint8Array(readFileSync(path));
  const start = performance.now();
  decoder.decode(bytes);
  console.log(performance.now() - start);
}
