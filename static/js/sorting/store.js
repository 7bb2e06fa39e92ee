// Where decisions wait until the server has them: IndexedDB, so that neither a reload nor a crash loses one.
// Where a browser gives no IndexedDB (some private windows), they live as long as the page.

const DATABASE = "trickyclip-sort";
const STORE = "decisions";

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

export class Store {
  static async open() {
    const store = new Store();
    try {
      const opening = indexedDB.open(DATABASE, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "number", autoIncrement: true });
      store.database = await done(opening);
    } catch {
      store.database = null;
    }
    return store;
  }

  /** All that wait, in the order in which they were decided. */
  async all() {
    return this.database ? done(this.#rows("readonly").getAll()) : [];
  }

  /** Keep an entry; resolves when it is safe, and then the entry knows its number. */
  async add(entry) {
    if (this.database) entry.number = await done(this.#rows("readwrite").add({ ...entry }));
  }

  async remove(entry) {
    if (this.database && entry.number !== undefined) await done(this.#rows("readwrite").delete(entry.number));
  }

  #rows(mode) {
    return this.database.transaction(STORE, mode).objectStore(STORE);
  }
}
