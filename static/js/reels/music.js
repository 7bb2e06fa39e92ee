// Gives each wish for a film a key of its own, and sends a music file in pieces that are short enough for any server.

const PIECE_BYTES = 640 * 1024;

document.addEventListener("htmx:configRequest", (event) => {
  if (event.target.matches?.("[data-film-form]")) event.detail.parameters.key = crypto.randomUUID();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-music-file]") && event.target.files.length) send(event.target);
});

async function send(input) {
  const box = input.closest("[data-music-url]");
  const [progress, problem] = [box.querySelector("[data-music-progress]"), box.querySelector("[data-music-problem]")];
  const file = input.files[0];
  const key = crypto.randomUUID();
  [problem.hidden, progress.hidden, progress.value, input.disabled] = [true, false, 0, true];
  try {
    for (let at = 0; at < file.size || at === 0; ) {
      const piece = file.slice(at, at + PIECE_BYTES);
      const told = await sendPiece(box.dataset.musicUrl, { key, name: file.name, at, size: file.size }, piece);
      if (told.problem) throw new Error(told.problem);
      at = told.here;
      progress.value = at / file.size;
      if (told.is_whole) break;
    }
    window.htmx.ajax("GET", box.dataset.filmsUrl, { target: "#films", swap: "outerHTML" });
  } catch (fault) {
    problem.textContent = fault instanceof TypeError || fault instanceof SyntaxError ? box.dataset.failed : fault.message;
    [problem.hidden, progress.hidden, input.disabled, input.value] = [false, true, false, ""];
  }
}

async function sendPiece(url, fields, piece) {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append("piece", piece, "piece");
  const token = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  const answer = await fetch(url, { method: "POST", body: form, headers: { ...token, "HX-Request": "true" } });
  return answer.json();
}
