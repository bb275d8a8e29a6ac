// Payloads of .kmq files, decoded in JavaScript, as payloads.mjs does it: for engines without
// WebAssembly or its SIMD, and pages whose Content-Security-Policy allows none.

import {
  KmqError as Fault,
  RangeDecoder,
  allocate,
  decodeChanges,
  decodeKey,
  decodePalette,
  unpack,
} from "../decode.mjs";
import { MODELLED } from "./container.mjs";

export class Payloads {
  #fail;

  /** With `fail` of container.mjs, so that errors are of that module's class in bundles, too. */
  constructor(fail) {
    this.#fail = fail;
  }

  decodePalette({ bytes, offset }, header) {
    return this.#translate(() => decodePalette(bytes, header, offset));
  }

  decodeBand({ bytes, offset }, header, rows) {
    return this.#translate(() => {
      const codes = makeCodes(header, rows);
      if (header.coding === MODELLED) {
        const decoder = new RangeDecoder(bytes, "payload", offset);
        const band = decodeKey(decoder, rows, header, false);
        decoder.checkEnd();
        band.putTo(codes, 0, null);
      } else {
        unpack(bytes, header, codes, 0, offset);
      }
      return codes;
    });
  }

  keepBand(header, rows) {
    return { codes: makeCodes(header, rows), band: null };
  }

  decodeFrame({ bytes, offset }, header, rows, isKey, kept) {
    return this.#translate(() => {
      const decoder = new RangeDecoder(bytes, "payload", offset);
      kept.band = isKey
        ? decodeKey(decoder, rows, header, true)
        : decodeChanges(decoder, kept.band);
      decoder.checkEnd();
      kept.band.putTo(kept.codes, 0, null);
      return kept.codes;
    });
  }

  /** The result of some work of decode.mjs, whose errors become those of all other modules. */
  #translate(work) {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return this.#fail(error.field, error.fault, error.offset, error.name);
    }
  }
}

function makeCodes({ colorCount, width }, rows) {
  return allocate(colorCount > 256 ? Uint16Array : Uint8Array, rows * width);
}
