// What an earlier visit began and did not finish. A page may not open files again by itself: the person drops them,
// and they resume where they stopped; or discards them, which frees their room on the server.

const FORGOTTEN_MS = 30 * 24 * 3600 * 1000; // the server gave them up long ago

export class Unfinished {
  constructor(uploader) {
    this.uploader = uploader;
    this.rows = new Map(); // "name size" → row
  }

  async show() {
    const storage = window.tus.defaultOptions.urlStorage;
    for (const upload of await storage.findAllUploads()) {
      if (Date.now() - Date.parse(upload.creationTime) > FORGOTTEN_MS) await storage.removeUpload(upload.urlStorageKey);
      else this.add(upload, storage);
    }
  }

  add(upload, storage) {
    const { words } = this.uploader;
    const row = this.uploader.newRow(upload.metadata.filename);
    row.dataset.state = "unfinished";
    row.querySelector("[data-says]").textContent = words.resumeHint;
    row.querySelector("[data-progress]").hidden = true;
    row.querySelector("[data-pause]").hidden = true;
    const button = row.querySelector("[data-remove]");
    button.textContent = words.giveUp;
    button.addEventListener("click", async () => {
      const headers = { "X-CSRFToken": this.uploader.root.dataset.csrf };
      await window.tus.Upload.terminate(upload.uploadUrl, { headers, retryDelays: [0, 1000] }).catch(() => undefined);
      await storage.removeUpload(upload.urlStorageKey);
      this.found({ name: upload.metadata.filename, size: upload.size });
      this.uploader.refreshRecent();
    });
    this.uploader.list.append(row);
    this.rows.set(keyOf({ name: upload.metadata.filename, size: upload.size }), row);
    this.uploader.changed();
  }

  /** The file is here again, or was given up. */
  found(file) {
    this.rows.get(keyOf(file))?.remove();
    this.rows.delete(keyOf(file));
    this.uploader.changed();
  }
}

function keyOf({ name, size }) {
  return `${name} ${size}`;
}
