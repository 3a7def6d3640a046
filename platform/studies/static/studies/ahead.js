/* The next page's sounds, fetched while this page is rated. Every page is a new document and the server's sounds are
 * "no-store", so the bytes wait in the Cache API under their address, and go as soon as they are decoded. Where that storage
 * is missing or full (some private windows), all still works: the next page then downloads as usual.
 */
import { download } from "./download.js";

const NAME = "earwitness-ahead";

async function store() {
  try {
    return await caches.open(NAME);
  } catch {
    return null;
  }
}

/* Fetch `urls` one after another, and forget all that is not among them. Returns how many of them now wait here. */
export async function prefetch(urls, { signal, progress } = {}) {
  const cache = await store();
  if (!cache) return 0;
  await keepOnly(cache, urls);
  let kept = 0;
  for (const url of urls) {
    try {
      if (!(await cache.match(url))) await cache.put(url, new Response(await download(url, { signal })));
      kept += 1;
      progress?.(kept, urls.length);
    } catch {
      if (signal?.aborted) break; // anything else (no connection, no room): the page itself will try again
    }
  }
  return kept;
}

async function keepOnly(cache, urls) {
  const wanted = new Set(urls.map((url) => new URL(url, location.href).href));
  const old = (await cache.keys()).filter((request) => !wanted.has(request.url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/* The bytes that wait for `url`, or else those downloaded now: an engine's `source`. */
export async function take(url, options = {}) {
  const cache = await store();
  const waiting = await cache?.match(url);
  if (!waiting) return download(url, options);
  const bytes = await waiting.arrayBuffer();
  options.progress?.(bytes.byteLength, bytes.byteLength);
  return bytes;
}

/* Load a stimulus into `engine` from what waits here, or else from the server; then its bytes are forgotten. */
export async function loadInto(engine, index, url, options = {}) {
  const loaded = await engine.load(index, url, { ...options, source: take });
  await forget(url);
  return loaded;
}

export async function forget(url) {
  await (await store())?.delete(url);
}

/* Forget everything: the test is over, or was left. */
export async function clear() {
  await globalThis.caches?.delete(NAME).catch(() => false);
}
