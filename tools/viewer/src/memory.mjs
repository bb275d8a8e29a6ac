// The memory of libkmq in WebAssembly, which has no allocator: buffers are laid out for each call.

import { fail } from "./container.mjs";

/** Instantiates what a `source` has: a WebAssembly.Module, its bytes, or where these are. */
export async function compile(source) {
  if (source instanceof WebAssembly.Module) return source;
  const isBytes = source instanceof ArrayBuffer || ArrayBuffer.isView(source);
  return WebAssembly.compile(isBytes ? source : await read(String(source)));
}

async function read(url) {
  const files = url.startsWith("file:") && globalThis.process?.getBuiltinModule?.("node:fs");
  if (files) return files.readFileSync(new URL(url)); // which Node does not fetch
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

/** One instance: its memory grows as needed, and is freed with it. */
export class Memory {
  #memory;
  #kept; // the end of what is kept from call to call

  constructor({ exports }) {
    exports.kmq_start_up(0);
    this.#memory = exports.memory;
    this.#kept = exports.__heap_base.value;
  }

  /** Addresses of buffers of some sizes, valid until the next call. */
  place(...sizes) {
    let end = this.#kept;
    const addresses = sizes.map((size) => {
      const address = Math.ceil(end / 64) * 64;
      end = address + size;
      return address;
    });
    const missing = end - this.#memory.buffer.byteLength;
    try {
      if (missing > 0) this.#memory.grow(Math.ceil(missing / 65536));
    } catch {
      fail("width", `${end} bytes of memory are needed`, 8, "LimitError");
    }
    return addresses;
  }

  /** The same, but they stay. */
  keep(...sizes) {
    const addresses = this.place(...sizes);
    this.#kept = addresses.at(-1) + sizes.at(-1);
    return addresses;
  }

  /** What is at an address: it is another with the next call. */
  view(Numbers, address, count) {
    return new Numbers(this.#memory.buffer, address, count);
  }

  put(bytes, address) {
    this.view(Uint8Array, address, bytes.length).set(bytes);
  }
}
