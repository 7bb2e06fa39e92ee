// J K L as on an editing desk: forwards and backwards, each press twice as fast, K stops.
// No browser plays backwards, so that is done by seeking as fast as the video follows.

const FASTEST = 4;

export class Shuttle {
  constructor(player) {
    this.player = player;
    this.level = 0; // times the chosen speed; below 0 backwards
  }

  forward() {
    this.level = this.level > 0 ? Math.min(FASTEST, this.level * 2) : 1;
    const { player } = this;
    if (!player.video) return;
    player.play();
    player.video.playbackRate = Math.min(16, player.playbackRate * this.level);
    player.note(this.level);
  }

  backward() {
    const goes = this.level < 0;
    this.level = goes ? Math.max(-FASTEST, this.level * 2) : -1;
    const { player } = this;
    if (!player.video) return;
    player.pause();
    player.note(this.level);
    if (!goes) this.#stepBack(player.video, performance.now());
  }

  stop() {
    const { player } = this;
    this.level = 0;
    if (player.video) player.video.playbackRate = player.playbackRate;
    player.note(0);
  }

  #stepBack(video, before_ms) {
    requestAnimationFrame((now_ms) => {
      if (this.level >= 0 || this.player.video !== video) return;
      if (video.seeking) return this.#stepBack(video, before_ms); // time passes, the next step is the longer
      const backS = ((now_ms - before_ms) / 1000) * this.player.playbackRate * -this.level;
      video.currentTime = Math.max(0, video.currentTime - Math.max(backS, this.player.frameS));
      if (video.currentTime > 0) this.#stepBack(video, now_ms);
      else this.stop();
    });
  }
}
