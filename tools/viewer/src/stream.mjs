// Files that are decoded while they arrive. Numbers in comments are sections of spec/kmq.md.

import { Animation } from "./animation.mjs";
import * as container from "./container.mjs";
import { readHead } from "./head.mjs";

/** What Codec.stream yields. */
export async function* stream(chunks, payloads, limits) {
  const arriving = new Arriving(chunks);
  try {
    // twice as many, so that all attempts cost no more than two of the last
    const head = await arriving.read(() => readHead(arriving.whole, payloads, limits), 2);
    yield* head.animation
      ? framesOf(head, payloads, arriving)
      : bandsOf(head, payloads, arriving);
  } finally {
    await arriving.cancel();
  }
}

async function* bandsOf(head, payloads, arriving) {
  const { picture, header, reader } = head;
  for (let band = 0; band < header.bandCount; band++) {
    const { offset, checksum } = reader;
    const payload = await arriving.read(() => {
      const { whole } = arriving;
      Object.assign(reader, { bytes: whole, end: whole.length, offset, checksum });
      return container.readBand(reader, header, band);
    });
    const indices = head.makeIndices(container.rowsOf(header, band));
    head.decodeBand(payloads, payload, band, indices, 0);
    yield { picture, first: band * header.bandRows, indices };
  }
  await arriving.finish(reader.offset);
}

async function* framesOf(head, payloads, arriving) {
  const animation = new Animation(head, payloads, arriving);
  const { picture, offsets } = head;
  for (let arrived = 0; arrived < animation.frameCount; ) {
    await arriving.reach(offsets[arrived + 1]);
    ({ arrived } = animation);
    yield { picture, animation };
  }
  await arriving.finish(offsets.at(-1));
}

/** The bytes of a file so far. */
class Arriving {
  bytes = new Uint8Array(1 << 16);
  length = 0;
  #chunks;
  #hasEnded = false;

  constructor(chunks) {
    const reader = chunks.getReader?.(); // as not all browsers can iterate over a stream
    this.#chunks = reader
      ? { next: () => reader.read(), return: () => reader.cancel() }
      : chunks[Symbol.asyncIterator]();
  }

  get whole() {
    return this.bytes.subarray(0, this.length);
  }

  /**
   * The result of reading as soon as the bytes suffice: where they do not, it is tried again with
   * as many as are needed, and with `patience` times as many as there were.
   */
  async read(attempt, patience = 1) {
    if (!this.length) await this.#more();
    for (;;) {
      try {
        return attempt();
      } catch (error) {
        if (error.name !== "TruncatedError" || this.#hasEnded) throw error;
        const needed = Math.max(error.needed, patience * this.length);
        while (this.length < needed && (await this.#more()));
      }
    }
  }

  async reach(end) {
    while (this.length < end) {
      if (await this.#more()) continue;
      const fault = `${end - this.length} bytes are missing`;
      container.fail("payload", fault, this.length, "TruncatedError");
    }
  }

  async finish(end) {
    do container.checkEnd(end, this.length);
    while (await this.#more());
  }

  async cancel() {
    if (!this.#hasEnded) await this.#chunks.return?.();
  }

  /** Whether there was a chunk more. */
  async #more() {
    const { done, value } = await this.#chunks.next();
    this.#hasEnded = done;
    if (done) return false;
    const length = this.length + value.length;
    if (length > this.bytes.length) {
      const bytes = new Uint8Array(Math.max(length, 2 * this.bytes.length));
      bytes.set(this.whole);
      this.bytes = bytes;
    }
    this.bytes.set(value, this.length);
    this.length = length;
    return true;
  }
}
