// Frames that take long to decode: node --test tests/viewer/slow_frames.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../tools/viewer/src/clock.mjs";

/** Frames that are shown in some seconds of 60 pictures each, if showing one takes as long as said. */
function play({ seconds, takes, duration }) {
  const animation = { loop: 0, frameCount: 1000, arrived: 1000, seconds: () => seconds };
  const shown = [];
  let [now, callback] = [1, null];
  globalThis.requestAnimationFrame = (each) => (callback = each);
  globalThis.cancelAnimationFrame = () => (callback = null);
  performance.now = () => 1000 * now;
  const show = (frame) => {
    shown.push([frame, now]);
    now += takes;
  };
  new Clock(animation, { show, end: assert.fail }).run();
  for (const end = now + duration; now < end; ) {
    now += 1 / 60;
    callback(1000 * now);
  }
  return shown;
}

test("frames that take longer than they are shown are shown later, none is passed over", () => {
  const shown = play({ seconds: 0.02, takes: 0.2, duration: 10 });
  assert.ok(shown.length > 40);
  shown.slice(1).forEach(([frame], n) => assert.equal(frame, shown[n][0] + 1));
});

test("frames that take long are not shown before their time", () => {
  const shown = play({ seconds: 0.5, takes: 0.1, duration: 10 });
  assert.ok(shown.length > 15);
  shown.slice(1).forEach(([, when], n) => assert.ok(when >= shown[n][1] + 0.5 - 0.1));
});
