// node left_out.mjs: for each path of a picture on standard input, prints what the page would leave
// out of a .kmq of it, as JSON.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { leftOut } from "../../tools/viewer/page/beside.mjs";

for await (const path of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(leftOut(new Uint8Array(readFileSync(path)))));
}
