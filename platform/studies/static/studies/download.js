/* One file over a connection that may fail: tries again with growing, jittered pauses, tells how far it is, can be stopped. */
import { discard } from "./memory.js";

const TRIES = 6;
const FIRST_PAUSE = 500; // milliseconds, doubled at each try
const LONGEST_PAUSE = 15000;
const STALL = 20000; // milliseconds without a byte: the connection counts as lost
const PASSING = [408, 425, 429]; // refusals that may not last; those from 500 up may not either

class Final extends Error {}

/* The bytes at `url`. `progress(received, total)` is called as they come; `total` is null where the server doesn't say. */
export async function download(url, { signal, progress, tries = TRIES, pause = FIRST_PAUSE } = {}) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(url, signal, progress);
    } catch (error) {
      if (signal?.aborted || error instanceof Final || attempt >= tries) throw error;
      progress?.(0, null);
      await rest(Math.min(LONGEST_PAUSE, pause * 2 ** (attempt - 1)) * (0.5 + Math.random()), signal);
    }
  }
}

async function once(url, signal, progress) {
  const stop = new AbortController();
  const abort = () => stop.abort(signal.reason);
  signal?.throwIfAborted();
  signal?.addEventListener("abort", abort);
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(new Error(`nothing came from ${url} for ${STALL / 1000} s`)), STALL);
  };
  try {
    alive();
    return await read(await answer(url, stop.signal), alive, progress);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

async function answer(url, signal) {
  const response = await fetch(url, { signal });
  if (response.ok) return response;
  const said = `${url} answered ${response.status}`;
  throw response.status >= 500 || PASSING.includes(response.status) ? new Error(said) : new Final(said);
}

async function read(response, alive, progress) {
  const said = Number(response.headers.get("Content-Length"));
  // With compression in transfer the length counts other bytes than those that are read here.
  const total = said > 0 && !response.headers.get("Content-Encoding") ? said : null;
  const chunks = [];
  let received = 0;
  const reader = response.body.getReader();
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
    alive();
    chunks.push(value);
    received += value.length;
    progress?.(received, total);
  }
  if (total !== null && received !== total) throw new Error(`${received} of ${total} bytes came from ${response.url}`);
  return join(chunks, received);
}

function join(chunks, size) {
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  discard(chunks.map((chunk) => chunk.buffer));
  return all.buffer;
}

function rest(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
