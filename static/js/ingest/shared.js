// Videos that a phone's gallery shared (js/worker/shared-videos.js): they lie in the browser's private file system until
// they are sent, so that a page that was closed in between continues with them. Files are read piece by piece as they are
// sent, like those that were picked.

const FOLDER = "shared";

export class Shared {
  constructor() {
    this.places = new WeakMap(); // file → name of its folder
  }

  /** All that wait, or nothing where this browser has no such place. */
  async files() {
    const files = [];
    try {
      this.folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER);
      for await (const [name, place] of this.folder.entries()) {
        for await (const handle of place.values()) {
          const file = await handle.getFile();
          this.places.set(file, name);
          files.push(file);
        }
      }
    } catch {
      // nothing was ever shared
    }
    return files;
  }

  /** Take one away that was sent, or is not wanted. */
  async forget(file) {
    const name = this.places.get(file);
    if (name) await this.folder.removeEntry(name, { recursive: true }).catch(() => undefined);
  }
}
