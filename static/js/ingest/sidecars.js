// What lies beside videos and is none, by the server's list (clips/ingest/sidecars.py): not sent, but told in one line.

const FEW = 3; // names; of more the number is told

export class LeftAlone {
  /**
   * @param {HTMLElement} line where it is told
   * @param {DOMStringMap} words
   */
  constructor(line, words) {
    Object.assign(this, { line, words, names: new Map() }); // whose files → their names
    const told = JSON.parse(line.dataset.leftAlone);
    [this.files, this.folders] = ["files", "folders"].map((kind) =>
      told[kind].map(([pattern, whose]) => ({ pattern: asRegExp(pattern), whose })));
  }

  /** Return those of the files that are to be sent; tell the others. */
  without(files) {
    const sent = [...files].filter((file) => {
      const whose = this.whose(file.webkitRelativePath || file.name);
      if (whose) this.names.set(whose, (this.names.get(whose) ?? new Set()).add(file.name));
      return !whose;
    });
    this.show();
    return sent;
  }

  whose(path) {
    const parts = path.toLowerCase().split("/");
    const name = parts.pop();
    const found = this.files.find(({ pattern }) => pattern.test(name))
      ?? this.folders.find(({ pattern }) => parts.some((part) => pattern.test(part)));
    return found?.whose ?? null;
  }

  show() {
    this.line.hidden = this.names.size === 0;
    const told = [...this.names].map(([whose, names]) => {
      const what = names.size > FEW ? `${names.size} ${this.words.files}` : [...names].join(", ");
      return `${what} (${whose})`;
    });
    this.line.textContent = `${this.words.leftOut} ${told.join("; ")}`;
  }
}

/** Return what matches as the shell's patterns do: * and ? and [0-9]. */
function asRegExp(pattern) {
  const escaped = pattern.replace(/[.+^${}()|\\$]/g, "\\$&").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${escaped}$`, "s");
}
