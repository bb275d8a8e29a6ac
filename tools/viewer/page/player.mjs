// Plays an animation at its own rate, while a worker decodes its frames.

import { Clock } from "../src/clock.mjs";

export class Player {
  #elements; // play, back, forth, seek, time
  #animation;
  #decode;
  #show;
  #fail;
  #clock;
  #wanted = null; // the frame that is to be shown next
  #isDecoding = false;
  #isClosed = false;

  /**
   * Of an animation, `seconds` are those of each frame. `decode` resolves to a frame by its number,
   * and `show` shows it, as frame 0 is already; `fail` gets the error of one that cannot be decoded.
   */
  constructor(elements, { seconds, loop, frameCount }, { decode, show, fail }) {
    this.#elements = elements;
    this.#animation = { seconds: (frame) => seconds[frame], loop, frameCount, arrived: frameCount };
    this.#decode = decode;
    this.#show = show;
    this.#fail = fail;
    this.#clock = new Clock(this.#animation, {
      show: (frame) => this.#want(frame),
      end: () => this.#tell(),
    });
    elements.play.onclick = () => (this.#clock.isRunning ? this.pause() : this.play());
    elements.back.onclick = () => this.#step(-1);
    elements.forth.onclick = () => this.#step(1);
    elements.seek.oninput = () => this.#go(Number(elements.seek.value));
    elements.seek.max = frameCount - 1;
    this.#tell();
  }

  /** Ends all that it does. */
  close() {
    this.#clock.halt();
    this.#isClosed = true;
  }

  play() {
    this.#clock.run();
    this.#tell();
  }

  pause() {
    this.#clock.halt();
    this.#tell();
  }

  #step(by) {
    const { frameCount } = this.#animation;
    this.#go((this.#clock.frame + by + frameCount) % frameCount);
  }

  #go(frame) {
    this.pause();
    this.#clock.go(frame);
  }

  /** Decodes and shows a frame, or just remembers it while another is decoded. */
  async #want(frame) {
    this.#wanted = frame;
    if (this.#isDecoding) return;
    this.#isDecoding = true;
    while (this.#wanted !== null && !this.#isClosed) {
      const wanted = this.#wanted;
      this.#wanted = null;
      try {
        const decoded = await this.#decode(wanted);
        if (this.#isClosed) return;
        this.#show(decoded);
        this.#tell();
      } catch (error) {
        if (this.#isClosed) return;
        this.pause();
        this.#fail(error);
      }
    }
    this.#isDecoding = false;
  }

  #tell() {
    const { play, seek, time } = this.#elements;
    const { frame, isRunning } = this.#clock;
    const { frameCount, seconds } = this.#animation;
    play.ariaLabel = isRunning ? "Pause" : "Play";
    seek.value = frame;
    seek.ariaValueText = `${frame + 1} of ${frameCount}`;
    time.value = `${frame + 1} of ${frameCount}, ${Math.round(1000 * seconds(frame)) / 1000} s`;
  }
}
