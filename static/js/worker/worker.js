// The service worker, brought in by what trickyclip/http/installable.py answers, which says what `shell` is:
// {static, files, offline, language}. It keeps static files, which bear their version in their address, and one page that
// says what waits while there is no connection. It keeps no page and no media of the crew: those are asked for from the
// server.
/* global shell, SharedVideos */

const CACHE = `shell ${shell.static} ${shell.language}`;
/** Downloads stream best where nobody stands between. */
const LEFT_ALONE = /^\/(media|static|api|admin|s|export)\/|\.zip$|\/download$/;
const ENDS_LOGIN = new Set(["/logout", "/account/logout-everywhere", "/account/leave"]);

self.addEventListener("install", (event) => event.waitUntil(keepShell()));

self.addEventListener("activate", (event) => event.waitUntil(Promise.all([forgetOthers(), self.registration.navigationPreload?.enable()])));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method === "POST") {
    if (pathname === "/upload/shared") event.respondWith(takeOver(request));
    else if (ENDS_LOGIN.has(pathname)) event.waitUntil(SharedVideos.forget());
  } else if (request.method !== "GET") return;
  else if (pathname.startsWith(shell.static)) event.respondWith(fromShell(request));
  else if (request.mode === "navigate" && !LEFT_ALONE.test(pathname)) event.respondWith(pageOrOffline(event));
});

// A page says which version it is of. With another one open, this worker waits until that is gone: its files are kept
// nowhere else any more.
self.addEventListener("message", (event) => {
  if (event.data?.takeOver === shell.static) event.waitUntil(takeOverAlone());
});

async function takeOverAlone() {
  const open = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (open.length === 1) await self.skipWaiting();
}

async function keepShell() {
  const cache = await caches.open(CACHE);
  await cache.addAll([...shell.files, shell.offline].map((address) => new Request(address, { cache: "reload" })));
  const page = await cache.match(shell.offline);
  // A proxy before the site may have answered with a login of its own.
  if (page.redirected) throw new Error("The offline page cannot be had.");
}

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("shell ") && name !== CACHE).map((name) => caches.delete(name)));
}

async function fromShell(request) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(request, { ignoreVary: true });
  if (kept && !request.headers.has("range")) return kept;
  const answer = await fetch(request);
  if (answer.status === 200) await cache.put(request, answer.clone()).catch(() => undefined); // no room is no fault
  return answer;
}

async function pageOrOffline(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(shell.offline, { cacheName: CACHE, ignoreVary: true })) ?? Response.error();
  }
}

/** Keep what the phone's gallery shares, and let the upload page take it from there. */
async function takeOver(request) {
  let says = "ready";
  try {
    await SharedVideos.keep(request);
  } catch {
    await SharedVideos.forget().catch(() => undefined);
    says = "failed";
  }
  return Response.redirect(`/upload?shared=${says}`, 303);
}
