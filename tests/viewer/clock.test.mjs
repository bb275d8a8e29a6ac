// When frames are shown: node --test tests/viewer/clock.test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import { Clock } from "../../tools/viewer/src/clock.mjs";

/** A clock of an animation on a screen of some frames a second, and what it has shown when. */
function screen({ seconds, loop = 0, arrived = seconds.length, rate = 60 }) {
  const animation = { loop, frameCount: seconds.length, arrived, seconds: (frame) => seconds[frame] };
  const shown = [];
  let [now, callback, ended] = [5, null, 0];
  globalThis.requestAnimationFrame = (each) => {
    callback = each;
    return 1;
  };
  globalThis.cancelAnimationFrame = () => (callback = null);
  const show = (frame) => shown.push([frame, now]);
  const clock = new Clock(animation, { show, end: () => ended++ });
  const pass = (duration) => {
    for (const end = now + duration - 0.5 / rate; now < end; ) {
      now += 1 / rate;
      const each = callback;
      callback = null;
      each?.(1000 * now);
    }
  };
  return { animation, clock, shown, pass, ended: () => ended, wait: (time) => (now += time) };
}

test("each frame is shown for its time, over and over", () => {
  for (const rate of [30, 60, 144]) {
    const seconds = [0.05, 0.2, 1 / 3, 0.7];
    const { clock, shown, pass } = screen({ seconds, rate });
    clock.go(0);
    clock.run();
    pass(20);
    let due = 5 + 1 / rate + seconds[0];
    shown.slice(1).forEach(([frame, when], n) => {
      assert.equal(frame, (n + 1) % 4);
      assert.ok(when > due - 1e-6 && when < due + 1 / rate + 1e-6, `${when}, due at ${due}`);
      due += seconds[frame];
    });
    assert.ok(shown.length > 60);
  }
});

test("where frames are shorter than those of the screen, some are passed over", () => {
  const { clock, shown, pass } = screen({ seconds: Array(100).fill(0.004), rate: 50 });
  clock.run();
  pass(10);
  shown.slice(1).forEach(([frame], n) => assert.equal(frame, (shown[n][0] + 5) % 100));
});

test("a frame of no ticks is shown for a tenth of a second", () => {
  const { clock, shown, pass } = screen({ seconds: [0, 0, 0] });
  clock.run();
  pass(6);
  assert.ok(Math.abs(shown.length - 60) <= 2);
});

test("it ends with the last frame of the last time, and runs again from the first", () => {
  for (const loop of [1, 3]) {
    const { clock, shown, pass, ended } = screen({ seconds: [0.1, 0.1], loop });
    clock.go(0);
    clock.run();
    pass(5);
    assert.deepEqual(shown.map(([frame]) => frame), Array(loop).fill([0, 1]).flat());
    assert.deepEqual([ended(), clock.isRunning, clock.frame], [1, false, 1]);
    clock.run();
    pass(5);
    assert.equal(shown.length, 4 * loop);
    assert.equal(ended(), 2);
  }
});

test("it halts, and goes on with the frame that it is at", () => {
  const { clock, shown, pass } = screen({ seconds: [0.1, 0.1, 0.1, 0.1] });
  clock.run();
  pass(0.25);
  clock.halt();
  const { length } = shown;
  pass(3);
  assert.equal(shown.length, length);
  clock.run();
  pass(0.15);
  assert.deepEqual(shown.map(([frame]) => frame).slice(length - 1), [shown[length - 1][0], clock.frame]);
});

test("frames that have not arrived are waited for", () => {
  const { animation, clock, shown, pass } = screen({ seconds: [0.1, 0.1, 0.1], arrived: 2 });
  clock.run();
  pass(2);
  assert.deepEqual(shown.map(([frame]) => frame), [1]);
  animation.arrived = 3;
  pass(0.2);
  assert.deepEqual(shown.map(([frame]) => frame).slice(0, 2), [1, 2]);
});

test("after a pause of the whole page it goes on where it was", () => {
  const { clock, shown, pass, wait } = screen({ seconds: Array(50).fill(0.1) });
  clock.run();
  pass(1);
  const { frame } = clock;
  wait(2);
  pass(0.1);
  assert.ok(clock.frame - frame <= 3);
  assert.ok(shown.length < 15);
});
