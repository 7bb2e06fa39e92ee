// Has the browser keep the service worker (js/worker/worker.js) for those who are logged in. A page is never needed to
// wait for it, and where there is none (no HTTPS, a private window) everything works but without a connection.

const STATIC = new URL("../../", import.meta.url).pathname;
const WORKER = `/service-worker.js?language=${document.documentElement.lang}`;

async function register() {
  const registration = await navigator.serviceWorker.register(WORKER, { updateViaCache: "none" });
  // One that waits because an older page was open: it looks itself whether this one is alone now.
  const offer = (worker) => worker?.postMessage({ takeOver: STATIC });
  offer(registration?.waiting);
  registration?.addEventListener("updatefound", () => {
    const { installing } = registration;
    installing?.addEventListener("statechange", () => installing.state === "installed" && offer(installing));
  });
}

if ("serviceWorker" in navigator) {
  const start = () => register().catch(() => undefined);
  // What the page itself needs comes first.
  if (document.readyState === "complete") start();
  else window.addEventListener("load", start, { once: true });
}
