// The time-lines of a page: pictures along each file, how loud it is, and a look at the place that is pointed at.
// What a line draws is asked for when it comes into view, once for each file and each state of it.

import { drawReasons, reasonNear, writeLegend } from "./reasons.js";

const KEYS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };
const GAP_PX = 1;
const NEAR_PX = 6;
const FEW = 3; // times that are named and not counted
const TENTHS_BELOW_MS = 120_000;

const known = new Map(); // address and version → a promise of facts
const drawn = new WeakMap(); // a time-line → its facts
const places = new Map(); // id of a slider → ms, for the server may draw it again

const look = document.querySelector("[data-look]");
const stem = document.querySelector("[data-look-stem]");

async function load(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const facts = await answer.json();
  if (facts.filmstrip) {
    facts.picture = new Image();
    facts.picture.src = facts.filmstrip.url;
    await facts.picture.decode().catch(() => (facts.picture = null)); // deleted meanwhile: the rest is still drawn
  }
  return facts;
}

function keyOf({ dataset }) {
  return `${dataset.timeline} ${dataset.version}`;
}

function factsOf(timeline) {
  return loaded(keyOf(timeline), timeline.dataset.timeline);
}

function loaded(key, url) {
  if (!known.has(key)) {
    const loading = load(url);
    loading.catch(() => known.delete(key)); // asked for again when it comes into view again
    known.set(key, loading);
    loading.then((facts) => known.set(key, facts), () => {});
  }
  return known.get(key);
}

/** The facts of a file for another line of the page; ``use`` is told them, at once where they are there already. */
export function factsAt(url, version, use) {
  const facts = loaded(`${url} ${version}`, url);
  if (facts instanceof Promise) facts.then(use, () => {});
  else use(facts);
  return facts;
}

function show(timeline) {
  const facts = factsOf(timeline);
  if (facts instanceof Promise) facts.then(() => timeline.isConnected && show(timeline), () => {});
  else draw(timeline, facts); // at once, so that a line that the server drew again does not flicker
}

function draw(timeline, facts) {
  drawn.set(timeline, facts);
  const film = timeline.querySelector("[data-film] canvas");
  if (film && facts.picture) drawReasons(drawFilm(film, facts), facts, 0, facts.duration_ms);
  else if (film && facts.filmstrip) timeline.querySelector("[data-film-lost]").hidden = false;
  const sound = timeline.querySelector("[data-sound]");
  if (sound) drawSound(sound, facts.waveform);
  const sayWhen = (times) => (times.length > FEW ? `× ${times.length}` : times.map((ms) => clock(ms, facts)).join(", "));
  writeLegend(timeline.querySelector("[data-reasons]"), facts, 0, facts.duration_ms, sayWhen);
}

function sized(canvas) {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext("2d");
  context.scale(canvas.width / Math.max(1, width), canvas.height / Math.max(1, height));
  return { context, width, height };
}

/** Draw the pictures of a whole file on a canvas; returns what else may be drawn on. */
export function drawFilm(canvas, { picture, filmstrip, duration_ms }) {
  const paper = sized(canvas);
  const { context, width, height } = paper;
  if (!width) return paper;
  const natural = (height * filmstrip.tile_w) / filmstrip.tile_h;
  const slots = Math.max(1, Math.ceil(width / natural));
  const slot = width / slots;
  const cropped = (filmstrip.tile_w * slot) / natural; // what of a picture's width fits, from its middle
  for (let n = 0; n < slots; n += 1) {
    const [left, top] = cornerOf(filmstrip, tileAt(filmstrip, ((n + 0.5) / slots) * duration_ms));
    const inset = (filmstrip.tile_w - cropped) / 2;
    context.drawImage(picture, left + inset, top, cropped, filmstrip.tile_h, n * slot, 0, slot - GAP_PX, height);
  }
  return paper;
}

/** Draw how loud a whole file is. */
export function drawSound(canvas, { levels }) {
  const { context, width, height } = sized(canvas);
  if (!levels || !width) return;
  const heard = levels.filter((level) => level > 0).sort((a, b) => a - b);
  if (!heard.length) return;
  const quiet = Math.max(0, heard[Math.floor(heard.length / 20)] - 25); // between wind and landing lies little
  const range = Math.max(40, heard.at(-1) - quiet);
  context.fillStyle = getComputedStyle(canvas).color;
  for (let x = 0; x < width; x += 1) {
    const from = Math.floor((x / width) * levels.length);
    const to = Math.max(from + 1, Math.floor(((x + 1) / width) * levels.length));
    const loudest = Math.max(...levels.slice(from, to));
    const tall = Math.max(1, ((loudest - quiet) / range) * (height - 4));
    context.fillRect(x, (height - tall) / 2, 1, tall);
  }
}

function tileAt({ times_ms }, at_ms) {
  let [low, high] = [0, times_ms.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (times_ms[middle] <= at_ms) low = middle;
    else high = middle - 1;
  }
  return low;
}

function cornerOf({ columns, tile_w, tile_h }, tile) {
  return [(tile % columns) * tile_w, Math.floor(tile / columns) * tile_h];
}

/** Write a place as 1:02 or 1:02:03; in a short file with tenths of a second. */
function clock(ms, { duration_ms }) {
  const seconds = Math.floor(ms / 1000);
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (duration_ms < TENTHS_BELOW_MS) return `${m}:${two(s)}.${Math.floor(ms / 100) % 10}`;
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** How likely a trick is at a time, in words; "" before the video was searched. */
function likelihood({ curve }, at_ms) {
  if (!curve.values) return "";
  const step = Math.min(curve.values.length - 1, Math.floor(at_ms / curve.step_ms));
  return `${look.dataset.curveWords} ${Math.round((curve.values[step] / 255) * 100)} %`;
}

/** Show what is to be seen at a time, above the line, or below it where there is no room above. */
function lookAt(timeline, at_ms, mark) {
  const facts = drawn.get(timeline);
  if (!facts) return;
  const lanes = timeline.querySelector("[data-lanes]").getBoundingClientRect();
  if (lanes.bottom < 0 || lanes.top > window.innerHeight) return lookAway();
  const x = lanes.left + (at_ms / facts.duration_ms) * lanes.width;
  const picture = look.querySelector("[data-look-picture]");
  picture.hidden = !facts.picture;
  if (facts.picture) {
    const { filmstrip } = facts;
    const [left, top] = cornerOf(filmstrip, tileAt(filmstrip, at_ms));
    picture.style.width = `${filmstrip.tile_w}px`;
    picture.style.height = `${filmstrip.tile_h}px`;
    picture.style.backgroundImage = `url("${filmstrip.url}")`;
    picture.style.backgroundPosition = `-${left}px -${top}px`;
  }
  look.querySelector("[data-look-time]").textContent = clock(at_ms, facts);
  look.querySelector("[data-look-curve]").textContent = likelihood(facts, at_ms);
  const near = reasonNear(facts, at_ms, (NEAR_PX / lanes.width) * facts.duration_ms);
  look.querySelector("[data-look-mark]").textContent = mark?.getAttribute("aria-label") ?? near;
  look.hidden = stem.hidden = false;
  const { width, height } = look.getBoundingClientRect();
  const edge = document.documentElement.clientWidth - width - 8;
  look.style.left = `${Math.max(8, Math.min(edge, x - width / 2))}px`;
  look.style.top = `${lanes.top - height - 8 > 0 ? lanes.top - height - 8 : lanes.bottom + 8}px`;
  Object.assign(stem.style, { left: `${x}px`, top: `${lanes.top}px`, height: `${lanes.height}px` });
}

function lookAway() {
  look.hidden = stem.hidden = true;
}

function lineOf(event) {
  return event.target.closest?.("[data-lanes]")?.closest("[data-timeline]");
}

function pointed(event) {
  const timeline = lineOf(event);
  const facts = timeline && drawn.get(timeline);
  if (!facts) return;
  const lanes = timeline.querySelector("[data-lanes]").getBoundingClientRect();
  const part = Math.min(1, Math.max(0, (event.clientX - lanes.left) / lanes.width));
  lookAt(timeline, part * facts.duration_ms, event.target.closest(".mark"));
  if (event.type === "pointerdown") place(timeline, part * facts.duration_ms);
}

/** Let the slider stand at a time. */
function place(timeline, at_ms) {
  const film = timeline.querySelector("[data-film]");
  if (!film) return;
  places.set(film.id, at_ms);
  film.setAttribute("aria-valuenow", Math.round(at_ms));
  const facts = drawn.get(timeline);
  film.setAttribute("aria-valuetext", [clock(at_ms, facts), likelihood(facts, at_ms)].filter(Boolean).join(", "));
}

function step(event) {
  const film = event.target.closest?.("[data-film]");
  if (film && event.key === "Escape") lookAway();
  if (!film || !(event.key in KEYS)) return;
  event.preventDefault(); // also while it is still loaded: the page must not scroll away instead
  const timeline = film.closest("[data-timeline]");
  const facts = drawn.get(timeline);
  if (!facts?.filmstrip) return;
  const { times_ms } = facts.filmstrip;
  const asked = tileAt(facts.filmstrip, places.get(film.id) ?? 0) + KEYS[event.key];
  const tile = Math.max(0, Math.min(times_ms.length - 1, asked));
  place(timeline, times_ms[tile]);
  lookAt(timeline, times_ms[tile]);
}

/** Who comes with the keyboard sees what the pointer would show. */
function focused(event) {
  const timeline = lineOf(event);
  const facts = timeline && drawn.get(timeline);
  if (!facts || !event.target.matches(":focus-visible")) return;
  const mark = event.target.closest(".mark");
  const lanes = timeline.querySelector("[data-lanes]").getBoundingClientRect();
  const { left, width } = event.target.getBoundingClientRect();
  const middle = mark && ((left + width / 2 - lanes.left) / lanes.width) * facts.duration_ms;
  lookAt(timeline, middle ?? places.get(event.target.id) ?? 0, mark);
}

/** What is pointed at moves away; what has the focus, and was perhaps scrolled to for it, is followed. */
function scrolled() {
  lookAway();
  if (document.activeElement) focused({ target: document.activeElement });
}

const inView = new IntersectionObserver(
  (entries) => entries.forEach(({ isIntersecting, target }) => isIntersecting && show(target)),
  { rootMargin: "200px" },
);
const resized = new ResizeObserver((entries) =>
  entries.forEach(({ target }) => drawn.has(target) && draw(target, drawn.get(target))),
);

function watch(root) {
  for (const timeline of root.querySelectorAll("[data-timeline]")) {
    inView.observe(timeline);
    resized.observe(timeline);
  }
}

watch(document);
document.addEventListener("htmx:load", ({ target }) => watch(target)); // as the videos of a session, once they are asked for
// Before the browser paints, so that what was drawn once does not flicker.
document.addEventListener("htmx:oobAfterSwap", ({ detail }) => {
  const fresh = document.getElementById(detail.target.id);
  if (!fresh) return;
  watch(fresh);
  fresh.querySelectorAll("[data-timeline]").forEach((timeline) => known.has(keyOf(timeline)) && show(timeline));
});

document.addEventListener("pointermove", pointed);
document.addEventListener("pointerdown", pointed);
document.addEventListener("pointerout", (event) => {
  if (lineOf(event) && !event.relatedTarget?.closest?.("[data-lanes]")) lookAway();
});
document.addEventListener("pointercancel", lookAway);
document.addEventListener("scroll", scrolled, { passive: true });
document.addEventListener("keydown", step);
document.addEventListener("focusin", focused);
document.addEventListener("focusout", (event) => lineOf(event) && lookAway());
