// The page of an edit: its player, the order of its clips, the box of the selected one, and keys for all of it.

import { Keys, shortcutsAreOn } from "../sorting/keys.js";
import { Cameras } from "./cameras.js";
import { Crop } from "./crop.js";
import { Reorder } from "./drag.js";
import { Lease } from "./lease.js";
import { ReelPlayer } from "./player.js";
import { eachTick } from "./ticks.js";
import { Trim } from "./trim.js";

const GOES_THROUGH = "[data-undo-change], [data-redo-change]";
const WRITES = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select";

const page = document.querySelector("[data-reel-page]");
const player = new ReelPlayer(page);
const lease = new Lease(page);
const trim = new Trim(page, player);
const crop = new Crop(page, player, (address, values) => inTurn(() => change(address, box().querySelector("[data-crop-places]"), values)));
const cameras = new Cameras(page, player, cutTo);
const reorder = new Reorder(page, moveTo, { mayMove: () => lease.isMine, inTurn });

const cardOf = (id) => page.querySelector(`[data-reel-clip="${CSS.escape(id ?? "")}"]`);
const box = () => page.querySelector("#reel-clip");

const waiting = [];
let isChanging = false;
let isBoxBehind = false; // an answer for it was left out, because a change was under way

/** Let a change begin once the one before is on the page: quick keys each meet the order that the last one left. */
function inTurn(begin) {
  waiting.push(begin);
  if (!isChanging) goOn();
}

async function goOn() {
  isChanging = true;
  while (waiting.length) await Promise.resolve(waiting.shift()()).catch(() => undefined); // what failed is told by the page
  isChanging = false;
  if (isBoxBehind) window.htmx.trigger(document.body, "reel-changed"); // no change came through that draws it
}

let isTurn = false;

function change(address, source, values = {}) {
  isTurn = true;
  const answered = window.htmx.ajax("POST", address, { source, target: "#reel-body", swap: "outerHTML", values });
  isTurn = false;
  return answered;
}

// What htmx itself would send at once waits as well, with what was written then: a change that overtakes another is undone
// in its place, and the answer that comes last would show the edit as it was before.
document.addEventListener("htmx:confirm", (event) => {
  const { elt, path, target, verb } = event.detail;
  if (isTurn || verb !== "post" || target?.id !== "reel-body") return;
  event.preventDefault();
  if (elt.matches(GOES_THROUGH)) return; // a click on it is listened to below
  const values = elt.matches("form") ? Object.fromEntries(new FormData(elt)) : JSON.parse(elt.getAttribute("hx-vals") ?? "{}");
  inTurn(() => change(path, elt.isConnected ? elt : page.querySelector("#reel-body"), values));
});

/** Undo the last change, or do the next one again: the one that is the last when all before are saved. */
function goThrough(which) {
  trim.settle();
  crop.settle();
  inTurn(() => {
    const button = page.querySelector(which);
    const address = button?.getAttribute("hx-post");
    return address && change(address, button);
  });
}

function showAgain() {
  inTurn(() => window.htmx.ajax("GET", page.dataset.bodyUrl, { target: "#reel-body", swap: "outerHTML" }));
}

function moveTo(card, position) {
  return change(card.querySelector("[data-open-clip]").dataset.moveUrl, card, { position });
}

/** Split the clip of the box at the picture on screen, and show its second part, which is another camera's. */
function cutTo(values) {
  const address = box().querySelector("[data-cameras]").dataset.cutUrl;
  const goesOn = player.playing;
  const before = cardOf(box().dataset.of);
  const id = before?.dataset.reelClip;
  const after = before?.nextElementSibling?.dataset.reelClip;
  player.pause();
  inTurn(async () => {
    await change(address, box(), values);
    const second = cardOf(id)?.nextElementSibling;
    if (!second || second.dataset.reelClip === after) return; // it was refused
    player.show(second, { play: goesOn });
    // Not waited for: an answer for the box that comes while a change is under way is left out.
    void window.htmx.ajax("GET", second.querySelector("[data-open-clip]").getAttribute("hx-get"), { source: box(), target: "#reel-clip", swap: "outerHTML" });
  });
}

const keys = new Keys(page, (name) => {
  if (name === "help") keys.showHelp();
  else if (name === "in" || name === "out") {
    if (lease.isMine) trim.mark(name);
  } else if (name === "angle" || name === "split") {
    if (lease.isMine) cameras.act(name);
  } else player.act(name);
});

// Each request says by which right, and bears a key: sent twice it changes once.
document.addEventListener("htmx:configRequest", ({ detail, target }) => {
  if (!page.contains(target) || detail.verb !== "post") return;
  detail.parameters.lease = lease.token;
  detail.parameters.key = crypto.randomUUID();
});

// What is written in the box of a clip is saved as soon as it changes, which Enter means too.
page.addEventListener("submit", (event) => event.target.closest("#reel-clip") && event.preventDefault());

document.addEventListener("click", (event) => {
  // Not by htmx, which listens to a new button only some milliseconds after it came.
  if (event.target.closest(GOES_THROUGH)) return goThrough(event.target.closest("[data-redo-change]") ? "[data-redo-change]" : "[data-undo-change]");
  const open = event.target.closest("[data-open-clip]");
  if (open) {
    player.show(open.closest("[data-reel-clip]"), { play: false });
    return;
  }
  const moves = event.target.closest("[data-moves]");
  if (moves) reorder.step(cardOf(box().dataset.of), moves.dataset.moves);
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || document.querySelector("dialog[open]") || event.target.closest(WRITES)) return;
  const holds = event.ctrlKey || event.metaKey;
  const key = event.key.toLowerCase();
  const isRedo = key === "y" || (key === "z" && event.shiftKey);
  if (holds && (isRedo || key === "z")) {
    event.preventDefault();
    if (lease.isMine) goThrough(isRedo ? "[data-redo-change]" : "[data-undo-change]");
  } else if (event.key === "Delete" && !holds && lease.isMine && shortcutsAreOn()) {
    const id = event.target.closest("[data-reel-clip]")?.dataset.reelClip ?? player.current;
    if (!cardOf(id)) return;
    event.preventDefault();
    inTurn(() => cardOf(id) && change(cardOf(id).querySelector("[data-open-clip]").dataset.removeUrl, cardOf(id)));
  }
});

// The box of a clip is drawn again after each change, but never under what somebody writes in it; that asks again itself.
document.addEventListener("change", ({ target }) => {
  if (target.matches("#reel-clip input[type=text]")) target.defaultValue = target.value;
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  const field = document.activeElement;
  const isWriting = field?.matches("#reel-clip input[type=text]") && field.value !== field.defaultValue;
  // Asked for before the change that is under way, it would show the clip as it was; that change has it drawn anew.
  const comesAgain = detail.requestConfig?.elt.id === "reel-clip" && isChanging;
  if (comesAgain) isBoxBehind = true;
  if (detail.target.id === "reel-clip" && (isWriting || trim.isMoved || comesAgain)) detail.shouldSwap = false;
});
document.body.addEventListener("reel-changed", () => { isBoxBehind = false; });

let focused = null;
let shownBox = null;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "reel-body") return;
  focused = document.activeElement?.closest?.("#reel-body [id], #reel-clip [id]")?.id ?? null;
  for (const open of detail.target.querySelectorAll("details[open]")) keptOpen.add(open.id);
});
const keptOpen = new Set();

function focusBack() {
  const back = focused && document.getElementById(focused);
  if (back && document.activeElement === document.body) back.focus({ preventScroll: true });
}

// At once, or a key that is pressed in between meets no card.
document.addEventListener("htmx:afterSwap", ({ detail }) => detail.target?.id === "reel-body" && focusBack());

document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (!["reel-body", "reel-clip"].includes(detail.target?.id ?? detail.elt?.id)) return;
  for (const id of keptOpen) document.getElementById(id)?.setAttribute("open", "");
  keptOpen.clear();
  lease.mark();
  trim.draw();
  crop.draw();
  player.refresh();
  if (detail.target?.id === "reel-clip" && box().dataset.of !== shownBox) {
    shownBox = box().dataset.of;
    if (box().getBoundingClientRect().top < 0) box().scrollIntoView(); // on a phone it lies above the cards
  }
  markSelected();
  focusBack();
});

function markSelected() {
  for (const card of page.querySelectorAll("[data-reel-clip]")) {
    const is = card.dataset.reelClip === box()?.dataset.of;
    card.querySelector("[data-open-clip]").setAttribute("aria-pressed", String(is));
  }
}

// A copy that plays was made: the cards get their videos.
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  const waits = detail.target?.id === "reel-playable" && document.querySelector("#reel-playable");
  if (!waits) return;
  if (page.dataset.waiting && page.dataset.waiting !== waits.dataset.waiting) showAgain();
  page.dataset.waiting = waits.dataset.waiting;
});

lease.mark();
markSelected();
eachTick(() => { trim.follow(); crop.follow(); cameras.follow(); });
