// When which frame of an animation is shown.

// in seconds
const OF_NO_TICKS = 0.1; // a frame of 0 ticks (9.3)
const SHORTEST = 0.001; // any other, so that few are passed over at a time
const MOST_LATE = 0.25; // beyond, frames are shown later rather than passed over
const MOST_WORK = 0.05; // for one frame; after longer no frame is passed over, which takes as long

/** Plays an animation, of which frames may be still arriving, at its own rate. */
export class Clock {
  frame = 0;
  isRunning = false;
  #animation;
  #show;
  #end;
  #passes = 0;
  #due = null; // when the next frame is, in seconds; null before the first tick
  #isSlow = false; // to show a frame
  #request = 0;

  /** `show` is called with each frame that is to be shown, and `end` after the last time. */
  constructor(animation, { show, end }) {
    this.#animation = animation;
    this.#show = show;
    this.#end = end;
  }

  /** Goes on, from the start if all has been shown. */
  run() {
    if (this.isRunning) return;
    if (this.#hasEnded()) this.go(0);
    this.isRunning = true;
    this.#due = null;
    this.#request = requestAnimationFrame((now) => this.#tick(now / 1000));
  }

  halt() {
    this.isRunning = false;
    cancelAnimationFrame(this.#request);
  }

  go(frame) {
    this.frame = frame;
    this.#passes = 0;
    this.#due = null;
    this.#show(frame);
  }

  #hasEnded() {
    const { loop, frameCount } = this.#animation;
    return loop > 0 && this.#passes >= loop - 1 && this.frame === frameCount - 1;
  }

  #tick(now) {
    this.#due ??= now + this.#seconds();
    if (this.#isSlow || now - this.#due > MOST_LATE) this.#due = Math.max(this.#due, now);
    const { frame } = this;
    while (now >= this.#due && this.#advance());
    if (this.frame !== frame) {
      const start = performance.now();
      this.#show(this.frame);
      this.#isSlow = performance.now() - start > 1000 * MOST_WORK;
    }
    if (!this.isRunning) return; // it could not be shown
    if (now >= this.#due && this.#hasEnded()) {
      this.isRunning = false;
      this.#end();
    } else {
      this.#request = requestAnimationFrame((next) => this.#tick(next / 1000));
    }
  }

  /** Goes to the next frame. Returns whether there is one. */
  #advance() {
    const { frameCount, arrived } = this.#animation;
    const next = (this.frame + 1) % frameCount;
    if (this.#hasEnded() || next >= arrived) return false;
    if (next === 0) this.#passes++;
    this.frame = next;
    this.#due += this.#seconds();
    return true;
  }

  #seconds() {
    const seconds = this.#animation.seconds(this.frame);
    return seconds ? Math.max(seconds, SHORTEST) : OF_NO_TICKS;
  }
}
