"use strict";

for (const part of document.querySelectorAll(".controls, .hint, #cloud")) part.hidden = false;

/** Lay two pictures on one another, with a divider; each of them may be any of the figures. */
function comparePictures() {
  const views = document.getElementById("views");
  const [left, right, zoom, divider] = ["left", "right", "zoom", "divider"].map((id) =>
    document.getElementById(id));
  const figures = [...views.querySelectorAll("figure")];
  const [width, height] = ["width", "height"].map((name) =>
    Number(figures[0].querySelector("img").getAttribute(name)));
  const legends = document.getElementById("legends");
  const sheet = views.appendChild(document.createElement("div"));
  const handle = document.createElement("div");
  sheet.className = "sheet";
  handle.className = "handle";
  sheet.append(...figures, handle);
  views.classList.add("stacked");
  views.tabIndex = 0;
  views.setAttribute("role", "group");
  views.setAttribute("aria-label", "The two pictures; scroll to see all of them");

  function choose() {
    for (const figure of figures) {
      const isLeft = figure.id === `view-${left.value}`;
      const isRight = figure.id === `view-${right.value}`;
      figure.classList.toggle("shown", isLeft || isRight);
      figure.classList.toggle("over", isRight && !isLeft);
    }
    cut();
  }

  function resize() {
    const room = legends.clientWidth - 2;
    const fitting = Math.min(room / width, (0.8 * window.innerHeight) / height);
    const scale = Number(zoom.value) || (fitting > 1 ? Math.floor(fitting) : fitting);
    sheet.classList.toggle("smooth", scale < 1);
    sheet.style.width = `${width * scale}px`;
    sheet.style.height = `${height * scale}px`;
    cut();
  }

  function seen() {
    return Math.min(views.clientWidth, sheet.offsetWidth);
  }

  function cut() {
    sheet.style.setProperty("--cut", `${views.scrollLeft + (divider.value / 100) * seen()}px`);
  }

  function drag(event) {
    if (event.buttons !== 1 || event.pointerType === "touch") return;
    const at = event.clientX - views.getBoundingClientRect().left - views.clientLeft;
    if (event.clientY - views.getBoundingClientRect().top > views.clientHeight) return;
    divider.value = (100 * at) / seen();
    cut();
  }

  for (const control of [left, right]) control.addEventListener("change", choose);
  zoom.addEventListener("change", resize);
  divider.addEventListener("input", cut);
  views.addEventListener("scroll", cut);
  views.addEventListener("pointerdown", drag);
  views.addEventListener("pointermove", drag);
  new ResizeObserver(resize).observe(legends);
  choose();
  resize();
}

/** Return the bytes of a text in base64. */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** Draw the colors as a cloud in the cube of red, green and blue, which can be turned. */
function drawCloud() {
  const data = JSON.parse(document.getElementById("cloud-data").textContent);
  const [colors, shown, sizes, marks, markSizes, paths] = ["colors", "shown", "sizes", "marks",
    "mark_sizes", "paths"].map((name) => bytesOf(data[name]));
  const canvas = document.getElementById("cloud");
  if (!colors.length) { // all pixels are transparent
    canvas.hidden = canvas.nextElementSibling.hidden = true;
    return;
  }
  const moved = document.getElementById("moved");
  const ways = document.getElementById("ways");
  const context = canvas.getContext("2d");
  const corners = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [n & 1, (n >> 1) & 1, n >> 2].map((b) => b * 255));
  let turn = -0.7, tilt = 0.45, size = 1, waiting = false;

  function projector() {
    const [width, height] = [canvas.width, canvas.height];
    const scale = (Math.min(width, height) / 255) * 0.55 * size;
    const [cosTurn, sinTurn, cosTilt, sinTilt] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt),
      Math.sin(tilt)];
    return (red, green, blue) => {
      const x = (red - 127.5) * cosTurn - (blue - 127.5) * sinTurn;
      const z = (red - 127.5) * sinTurn + (blue - 127.5) * cosTurn;
      const y = (green - 127.5) * cosTilt - z * sinTilt;
      const depth = (green - 127.5) * sinTilt + z * cosTilt;
      const near = 1200 / (1200 + depth);
      return [width / 2 + x * scale * near, height / 2 - y * scale * near, depth, near];
    };
  }

  function cube(project, ink, paper) {
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = devicePixelRatio;
    for (let from = 0; from < 8; from++) {
      for (const bit of [1, 2, 4]) {
        if (from & bit) continue;
        line([corners[from], corners[from | bit]], project);
      }
    }
    context.font = `${14 * devicePixelRatio}px system-ui, sans-serif`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.strokeStyle = paper;
    context.lineWidth = 6 * devicePixelRatio;
    for (const [name, at] of [["red", [278, 0, 0]], ["green", [0, 278, 0]], ["blue", [0, 0, 278]]]) {
      const place = project(...at).slice(0, 2);
      context.strokeText(name, ...place);
      context.fillText(name, ...place);
    }
  }

  function line(points, project) {
    context.beginPath();
    for (const point of points) context.lineTo(...project(...point).slice(0, 2));
    context.stroke();
  }

  function points(project) {
    const way = (moved?.value ?? 0) / 100, found = [];
    for (let n = 0; n < sizes.length; n++) {
      const color = [0, 1, 2].map((c) => colors[3 * n + c] * (1 - way) + shown[3 * n + c] * way);
      const [x, y, depth, near] = project(...color);
      found.push([depth, x, y, near * (1.2 + sizes[n] / 60), color.map(Math.round)]);
    }
    found.sort((one, other) => other[0] - one[0]);
    for (const [, x, y, radius, color] of found) {
      const side = 2 * radius * devicePixelRatio;
      context.fillStyle = `rgb(${color})`;
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
  }

  function entries(project, ink, paper) {
    const found = [];
    for (let n = 0; n < markSizes.length; n++) {
      const color = [...marks.subarray(3 * n, 3 * n + 3)];
      found.push([...project(...color), markSizes[n], color]);
    }
    found.sort((one, other) => other[2] - one[2]);
    const few = markSizes.length > 64 ? 0.5 : 1;
    for (const [x, y, , near, weight, color] of found) {
      context.beginPath();
      context.arc(x, y, near * (4 + weight / 16) * few * devicePixelRatio, 0, 2 * Math.PI);
      context.fillStyle = `rgb(${color})`;
      context.fill();
      for (const [style, width] of [[paper, 3], [ink, 1.2]]) {
        context.strokeStyle = style;
        context.lineWidth = width * few * devicePixelRatio;
        context.stroke();
      }
    }
  }

  function draw() {
    waiting = false;
    canvas.width = canvas.clientWidth * devicePixelRatio;
    canvas.height = canvas.clientHeight * devicePixelRatio;
    const style = getComputedStyle(document.documentElement);
    const [ink, faint, paper] = ["--ink", "--faint", "--panel"].map((n) => style.getPropertyValue(n));
    const project = projector();
    cube(project, faint, paper);
    points(project);
    if (ways?.checked) {
      context.strokeStyle = ink;
      const steps = paths.length / 3 / data.path_count;
      for (let n = 0; n < data.path_count; n++) {
        line(Array.from({ length: steps }, (_, t) => {
          const at = 3 * (t * data.path_count + n);
          return [...paths.subarray(at, at + 3)];
        }), project);
      }
    }
    entries(project, ink, paper);
  }

  function redraw() {
    if (!waiting) requestAnimationFrame(draw);
    waiting = true;
  }

  function rotate(across, up) {
    turn += across;
    tilt = Math.max(-1.5, Math.min(1.5, tilt + up));
    redraw();
  }

  canvas.addEventListener("pointerdown", (event) => canvas.setPointerCapture(event.pointerId));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons & 1) rotate(event.movementX / 150, event.movementY / 150);
  });
  canvas.addEventListener("keydown", (event) => {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] };
    if (event.key in turns) rotate(...turns[event.key]);
    else if ("+=-".includes(event.key)) size *= event.key === "-" ? 1 / 1.15 : 1.15;
    else return;
    event.preventDefault();
    redraw();
  });
  moved?.addEventListener("input", redraw);
  ways?.addEventListener("change", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new ResizeObserver(redraw).observe(canvas);
}

comparePictures();
drawCloud();
