// What an animation is played with: a button and a slider.

/** Controls of a `player`, which has play(), pause() and currentFrame. */
export class Controls {
  element = make("div", { part: "controls" });
  #button = make("button", { part: "play", type: "button" });
  #slider = make("input", { part: "seek", type: "range", min: "0", "aria-label": "Frame" });

  constructor(player) {
    this.#button.onclick = () => (player.paused ? player.play() : player.pause());
    this.#slider.oninput = () => {
      player.pause();
      player.currentFrame = Number(this.#slider.value);
    };
    this.element.append(this.#button, this.#slider);
  }

  update({ paused, currentFrame, frameCount }) {
    this.#button.classList.toggle("playing", !paused);
    this.#button.ariaLabel = paused ? "Play" : "Pause";
    this.#slider.max = frameCount - 1;
    this.#slider.value = currentFrame;
    this.#slider.ariaValueText = `${currentFrame + 1} of ${frameCount}`;
  }
}

/** An element with attributes. */
export function make(name, attributes = {}) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
