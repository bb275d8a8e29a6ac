// The worker as seen from the page: calls that give promises.

/** A worker of one file, which can be stopped at any time, whatever it does. */
export class Engine {
  #worker;
  #calls = new Map();
  #count = 0;
  #end = null; // the error for which the worker answers no more

  constructor(url) {
    this.#worker = new Worker(url);
    this.#worker.onmessage = ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#calls.get(id);
      this.#calls.delete(id);
      if (error) reject(Object.assign(new Error(error.message), error));
      else resolve(result);
    };
    this.#worker.onerror = ({ message }) => this.#fail(message || "The decoder did not start.");
  }

  /** The promise of what a function of worker.mjs returns. */
  call(task, argument) {
    const id = this.#count++;
    if (this.#end) return Promise.reject(this.#end);
    const promise = new Promise((resolve, reject) => this.#calls.set(id, { resolve, reject }));
    this.#worker.postMessage({ id, task, argument });
    return promise;
  }

  /** Ends the worker; what it is asked for fails. */
  stop() {
    this.#worker.terminate();
    this.#fail("Stopped.");
  }

  #fail(message) {
    this.#end ??= new Error(message);
    for (const { reject } of this.#calls.values()) reject(this.#end);
    this.#calls.clear();
  }
}
