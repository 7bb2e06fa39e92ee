// The list's columns: which are shown is kept in this browser, where the server reads it.

const COOKIE = "library_columns";
const YEAR_S = 365 * 24 * 3600;

document.addEventListener("change", (event) => {
  const choice = event.target.closest?.("[data-columns]");
  if (!choice) return;
  const shown = [...choice.querySelectorAll(":checked")].map((box) => box.value);
  const { value } = event.target;
  document.cookie = `${COOKIE}=${shown.join(".")}; path=/; max-age=${YEAR_S}; samesite=lax`;
  window.htmx.ajax("GET", location.pathname + location.search, { target: "#results", swap: "outerHTML" }).then(() => {
    const fresh = document.querySelector("[data-columns]");
    if (!fresh) return;
    fresh.open = true;
    fresh.querySelector(`[value="${value}"]`)?.focus();
  });
});
