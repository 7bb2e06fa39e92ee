// Why a moment was found, as marks on a time-line: pops and landings, motion, what a camera's sensors felt, and what was
// recognised as no trick. Each kind has a shape of its own beside its colour, for who does not see colours.

const SVG = "http://www.w3.org/2000/svg";
const SIZE = 10; // of the shapes below
const GAP_PX = 7; // closer together two marks of one kind are one
const NO_TRICK = { d: "M1 0l4 4 4-4 1 1-4 4 4 4-1 1-4-4-4 4-1-1 4-4-4-4z", fill: "#b9c3cf" };
const SHAPES = {
  hilight: { d: "M0 0h10L7 3l3 3H2v4H0z", fill: "#f5c86b" },
  impact: { d: "M5 10L0 1h10z", fill: "#ffb27a" },
  motion: { d: "M5 1a4 4 0 1 0 .01 0z", fill: "#d9b8ff" },
  air: { d: "M5 0l5 5-5 5-5-5z", fill: "#8ce9ff" },
  spin: { d: "M5 0a5 5 0 1 0 .01 0zM5 3a2 2 0 1 1-.01 0z", fill: "#8ce9ff" },
  cut: NO_TRICK, flash: NO_TRICK, bump: NO_TRICK,
};

/** The reasons of a file between two times, in the order of the time; HiLights, which are flags of their own, as well. */
export function reasonsIn({ reasons, hilights_ms }, fromMs, toMs) {
  const flags = hilights_ms.map((at_ms) => ({ at_ms, kind: "hilight", strength: 1 }));
  return [...flags, ...(reasons ?? [])].filter(({ at_ms, kind }) => kind in SHAPES && at_ms >= fromMs && at_ms <= toMs);
}

/** What happened within some milliseconds of a time, the strongest by name; empty for nothing. */
export function reasonNear(facts, at_ms, withinMs) {
  const [nearest] = reasonsIn(facts, at_ms - withinMs, at_ms + withinMs).sort((a, b) => b.strength - a.strength);
  return nearest ? facts.reason_names[nearest.kind] : "";
}

/** Draw a file's reasons along the lower edge of a canvas, the strongest where they crowd. */
export function drawReasons({ context, width, height }, facts, fromMs, toMs) {
  const taken = [];
  const strongest = reasonsIn(facts, fromMs, toMs).sort((a, b) => b.strength - a.strength);
  for (const { at_ms, kind, strength } of strongest) {
    const x = (width * (at_ms - fromMs)) / (toMs - fromMs);
    if (kind === "hilight" || taken.some((one) => one.kind === kind && Math.abs(one.x - x) < GAP_PX)) continue;
    taken.push({ kind, x });
    context.save();
    context.translate(Math.min(width - SIZE, Math.max(0, x - SIZE / 2)), height - SIZE - 2);
    context.globalAlpha = 0.55 + 0.45 * strength;
    const shape = new Path2D(SHAPES[kind].d);
    context.strokeStyle = "rgb(0 0 0 / .8)";
    context.lineWidth = 2.5;
    context.stroke(shape);
    context.fillStyle = SHAPES[kind].fill;
    context.fill(shape, "evenodd");
    context.restore();
  }
}

function shapeOf(kind) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${SIZE} ${SIZE}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ ...SHAPES[kind], "fill-rule": "evenodd" })) path.setAttribute(name, value);
  svg.append(path);
  return svg;
}

function entryOf(kind, name, when) {
  const entry = document.createElement("span");
  entry.className = "reason";
  entry.title = `${name} ${when}`;
  const words = document.createElement("span");
  words.className = "reason-words";
  words.textContent = `${name} ${when} `;
  entry.append(shapeOf(kind), words);
  return entry;
}

/** Say which reasons a time-line shows: each kind's shape and name, and what ``sayWhen`` makes of its times. */
export function writeLegend(place, facts, fromMs, toMs, sayWhen) {
  const kinds = new Map();
  for (const { kind, at_ms } of reasonsIn(facts, fromMs, toMs)) kinds.set(kind, [...(kinds.get(kind) ?? []), at_ms]);
  place.replaceChildren(...[...kinds].map(([kind, times]) => entryOf(kind, facts.reason_names[kind], sayWhen(times))));
}
