// Draws a stretch of a file on a canvas: its pictures, how loud it is, how likely tricks are and why.

import { drawReasons } from "../previews/reasons.js";
import { tileAt } from "./timeline-data.js";

const GAP_PX = 1;
const onCanvas = new WeakMap(); // canvas → what is drawn on it, so that it is not drawn again

/** What a canvas is drawn on, empty and as sharp as the screen; null when just this is on it already. */
function paperFor(canvas, facts, fromMs, toMs) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  const wanted = [facts, facts.picture, fromMs, toMs, width, height, scale];
  if (!width || !height || wanted.every((one, n) => one === onCanvas.get(canvas)?.[n])) return null;
  onCanvas.set(canvas, wanted);
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext("2d");
  context.scale(canvas.width / width, canvas.height / height);
  return { context, width, height };
}

function drawPictures({ context, width, height }, { picture, filmstrip }, fromMs, toMs) {
  const natural = (height * filmstrip.tile_w) / filmstrip.tile_h;
  const slots = Math.max(1, Math.ceil(width / natural));
  const slot = width / slots;
  const cropped = (filmstrip.tile_w * slot) / natural;
  for (let n = 0; n < slots; n += 1) {
    const tile = tileAt(filmstrip, fromMs + ((n + 0.5) / slots) * (toMs - fromMs));
    const left = (tile % filmstrip.columns) * filmstrip.tile_w + (filmstrip.tile_w - cropped) / 2;
    const top = Math.floor(tile / filmstrip.columns) * filmstrip.tile_h;
    context.drawImage(picture, left, top, cropped, filmstrip.tile_h, n * slot, 0, slot - GAP_PX, height);
  }
}

/** The highest of each pixel's stretch, from 0 to 1. */
function* columns({ values, step_ms }, width, fromMs, toMs) {
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor((fromMs + (x / width) * (toMs - fromMs)) / step_ms);
    const last = Math.floor((fromMs + ((x + 1) / width) * (toMs - fromMs)) / step_ms);
    yield [x, Math.max(0, ...values.slice(first, Math.max(first, last) + 1)) / 255];
  }
}

function drawSound({ context, width, height }, { levels, step_ms }, fromMs, toMs) {
  if (!levels) return;
  context.fillStyle = "rgb(255 255 255 / .55)";
  for (const [x, level] of columns({ values: levels, step_ms }, width, fromMs, toMs)) {
    const tall = 0.4 * height * Math.max(0, level - 0.35) / 0.65; // what is below lies under the wind
    context.fillRect(x, height - tall, 1, tall);
  }
}

function drawCurve({ context, width, height }, curve, fromMs, toMs) {
  if (!curve.values) return;
  context.beginPath();
  for (const [x, level] of columns(curve, width, fromMs, toMs)) context.lineTo(x, 3 + (height - 6) * (1 - level));
  context.strokeStyle = "rgb(0 0 0 / .6)";
  context.lineWidth = 4;
  context.stroke();
  context.strokeStyle = "#8fc7ff";
  context.lineWidth = 1.8;
  context.stroke();
}

function drawFlags({ context, width, height }, times, fromMs, toMs) {
  context.fillStyle = "#f5c86b";
  for (const at_ms of times) {
    const x = (width * (at_ms - fromMs)) / (toMs - fromMs);
    context.fillRect(x - 1, 0, 2, height);
    context.beginPath();
    for (const [dx, y] of [[0, 0], [9, 4], [0, 8]]) context.lineTo(x + dx, y);
    context.fill();
  }
}

/** Draw what is known of a file between two times; with ``curves`` also its sound, how likely a trick is, and why. */
export function drawFilm(canvas, facts, fromMs, toMs, { curves = true } = {}) {
  const paper = toMs > fromMs && paperFor(canvas, facts, fromMs, toMs);
  if (!paper) return;
  if (facts.picture) drawPictures(paper, facts, fromMs, toMs);
  if (!curves) return;
  paper.context.fillStyle = "rgb(10 14 19 / .35)";
  paper.context.fillRect(0, 0, paper.width, paper.height);
  drawSound(paper, facts.waveform, fromMs, toMs);
  drawCurve(paper, facts.curve, fromMs, toMs);
  drawReasons(paper, facts, fromMs, toMs);
  drawFlags(paper, facts.hilights_ms.filter((ms) => ms >= fromMs && ms <= toMs), fromMs, toMs);
}
