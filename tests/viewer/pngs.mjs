// node pngs.mjs: for each path of a .kmq on standard input, prints the PNG of it that the page saves,
// in Base64.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { encodePNG } from "../../tools/viewer/page/png.mjs";
import { load } from "../../tools/viewer/src/kmq.mjs";

const codec = await load({ wasm: null });

for await (const path of createInterface({ input: process.stdin })) {
  const picture = codec.decode(new Uint8Array(readFileSync(path)));
  console.log(Buffer.from(await encodePNG(picture, picture.indices)).toString("base64"));
}
