// A new share link is copied by a button, or handed to another app where the device can.

const textOf = (button) => button.closest(".new-link").querySelector("[data-link-text]");

function offer() {
  if (!navigator.share) return;
  for (const button of document.querySelectorAll("[data-send-link]")) button.hidden = false;
}

async function copy(button) {
  const text = textOf(button);
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text.textContent);
    const label = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = label; }, 1500);
  } else { // over plain HTTP from another machine it can still be marked
    window.getSelection().selectAllChildren(text);
  }
}

document.addEventListener("click", (event) => {
  const copies = event.target.closest("[data-copy-link]");
  if (copies) copy(copies);
  const sends = event.target.closest("[data-send-link]");
  if (sends) navigator.share({ url: textOf(sends).textContent }).catch(() => undefined);
});
document.addEventListener("htmx:afterSettle", offer);
