// What the keys and buttons of a player mean, for all players: Sort, a clip, a session's videos, an edit. A player knows
// how to play, step and seek; which key has which meaning stands in ../sorting/keymap.js.

import { Shuttle } from "./shuttle.js";

const SPEEDS = [0.1, 0.25, 0.5, 1, 1.5, 2];
const SLOW_MOTION = [1, 0.5, 0.25];
const FRACTIONS = { 0.125: "⅛", 0.25: "¼", 0.5: "½" };

export class Transport {
  /**
   * @param player with video, speed, playbackRate and frameS, and with play, pause, toggle, replay, step, skipSeconds,
   *   setSpeed, toggleSound, loop (a Loop), applyLoop and note
   */
  constructor(player) {
    this.player = player;
    this.shuttle = new Shuttle(player);
  }

  /** Do what a key or button of that name means; false when it means nothing to a player. */
  act(name) {
    const { player, shuttle } = this;
    const [, percent] = /^speed-(\d+)$/.exec(name) ?? [];
    const acts = {
      play: () => player.toggle(), replay: () => player.replay(),
      "shuttle-back": () => shuttle.backward(), "shuttle-on": () => shuttle.forward(),
      "shuttle-stop": () => { shuttle.stop(); player.pause(); },
      back: () => player.step(-1), forward: () => player.step(1),
      "second-back": () => player.skipSeconds(-1), "second-on": () => player.skipSeconds(1),
      slower: () => player.setSpeed(SPEEDS.findLast((speed) => speed < player.speed) ?? player.speed),
      faster: () => player.setSpeed(SPEEDS.find((speed) => speed > player.speed) ?? player.speed),
      speed: () => player.setSpeed(SPEEDS.find((speed) => speed > player.speed) ?? SPEEDS[0]),
      slow: () => player.setSpeed(SLOW_MOTION.find((speed) => speed < player.speed) ?? SLOW_MOTION[0]),
      [`speed-${percent}`]: () => player.setSpeed(Number(percent) / 100),
      loop: () => { player.loop.toggle(); player.applyLoop(); },
      sound: () => player.toggleSound(),
    };
    if (!(name in acts)) return false;
    if (shuttle.level && !name.startsWith("shuttle")) shuttle.stop();
    acts[name]();
    return true;
  }

  /** Let the buttons say how fast it plays, and whether it begins again at its end. */
  show(root) {
    const { speed, loop } = this.player;
    const told = FRACTIONS[speed] ?? speed.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2 });
    for (const says of root.querySelectorAll("[data-speed]")) says.textContent = `${told}×`;
    for (const button of root.querySelectorAll("[data-do^=speed-]")) {
      button.setAttribute("aria-pressed", String(button.dataset.do === `speed-${Math.round(100 * speed)}`));
    }
    for (const button of root.querySelectorAll("[data-do=loop]")) button.setAttribute("aria-pressed", String(loop.isOn));
  }
}

/** Whether a kind of player begins again at its end; this device remembers it. */
export class Loop {
  constructor(kind, isOnAtFirst) {
    this.store = `loop-${kind}`;
    this.isOn = (localStorage.getItem(this.store) ?? (isOnAtFirst ? "on" : "off")) === "on";
  }

  toggle() {
    this.isOn = !this.isOn;
    localStorage.setItem(this.store, this.isOn ? "on" : "off");
  }
}
