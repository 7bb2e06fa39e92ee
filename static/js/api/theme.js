// The pages about the API know dark and light by a class of their own: it follows the site's choice, or the device's.

const device = window.matchMedia("(prefers-color-scheme: light)");
const show = () => {
  const chosen = document.documentElement.dataset.theme ?? (device.matches ? "light" : "dark");
  document.documentElement.classList.toggle("dark-mode", chosen === "dark");
};
device.addEventListener("change", show);
show();
