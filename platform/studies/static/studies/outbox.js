/* Ratings wait here until the server has acknowledged them. IndexedDB keeps them even if the browser is killed. */

const STORE = "waiting";
// The server takes 500 ratings and 2.5 MB in a message; after a long time offline there may be more.
const LARGEST = 200;
const LONGEST = 500000; // characters

function request(action) {
  return new Promise((resolve, reject) => {
    action.onsuccess = () => resolve(action.result);
    action.onerror = () => reject(action.error);
  });
}

async function database() {
  const opening = indexedDB.open("earwitness-outbox", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "key" });
  return request(opening);
}

/* As many of `all` as one message may hold: one at least. */
function portion(all) {
  let length = 0;
  const end = all.findIndex((item, i) => i === LARGEST || ((length += JSON.stringify(item.entry).length) > LONGEST && i > 0));
  return end < 0 ? all : all.slice(0, end);
}

async function keyOf(response) {
  try {
    return (await response.json()).key;
  } catch {
    return "";
  }
}

export class Outbox extends EventTarget {
  /* `url` takes the ratings; `session` keeps those of other sessions on this device apart. */
  static async open(session, url, csrf) {
    return new Outbox(await database(), session, url, csrf);
  }

  constructor(db, session, url, csrf) {
    super();
    Object.assign(this, { db, session, url, csrf, delay: 1000, timer: null, sending: null, single: false });
    addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    addEventListener("pagehide", () => this.flush());
  }

  store(mode) {
    // "strict": the change is on the disk when it counts as done, not in a buffer of the system.
    return this.db.transaction(STORE, mode, { durability: "strict" }).objectStore(STORE);
  }

  /* Keep one item, then send. `kind` is "rating", "events" or "comment". */
  async put(kind, item) {
    const entry = { ...item, key: crypto.randomUUID() };
    // Said before the disk has it: "All saved" must not stand there meanwhile.
    this.announce("saving");
    await request(this.store("readwrite").put({ key: entry.key, session: this.session, kind, entry }));
    this.flush();
    return entry.key;
  }

  async waiting() {
    const all = await request(this.store("readonly").getAll());
    return all.filter((item) => item.session === this.session && !item.refused);
  }

  /* Send what waits; calls while one is under way share its outcome and are followed by another. */
  async flush() {
    if (this.sending) {
      this.again = true;
      return this.sending;
    }
    this.sending = this.send().finally(() => (this.sending = null));
    const done = await this.sending;
    if (this.again) {
      this.again = false;
      return this.flush();
    }
    return done;
  }

  async send() {
    clearTimeout(this.timer);
    const all = await this.waiting();
    if (!all.length) return this.announce("saved");
    const items = this.single ? all.slice(0, 1) : portion(all);
    const of = (kind) => items.filter((item) => item.kind === kind).map((item) => item.entry);
    const body = JSON.stringify({ ratings: of("rating"), events: of("events"), comments: of("comment") });
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body,
        keepalive: body.length < 60000,
      });
      // A server or proxy that refuses the message itself gives no key.
      if ([400, 413].includes(response.status)) return this.setAside(items, await keyOf(response));
      // Finished elsewhere: what waits stays here. Deleted by the listener's own wish: so it is here.
      if (response.status === 409) return this.announce("finished");
      if (response.status === 410) return this.forget(items);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      const { saved, newer } = await response.json();
      const store = this.store("readwrite");
      await Promise.all(saved.map((key) => request(store.delete(key))));
      this.delay = 1000;
      this.single = false;
      if (newer.length) this.dispatchEvent(new CustomEvent("newer", { detail: newer }));
      this.again ||= (await this.waiting()).length > 0;
      return this.announce(this.again ? "saving" : "saved");
    } catch {
      this.timer = setTimeout(() => this.flush(), this.delay);
      this.delay = Math.min(2 * this.delay, 30000);
      return this.announce("offline");
    }
  }

  /* One item that the server can't take must not hold up the others: it stays here, marked, and they are sent. */
  async setAside(items, key) {
    const bad = items.length === 1 ? items[0] : items.find((item) => item.key === key);
    this.again = true;
    // The server could not say which: each is sent by itself, until the bad one is found.
    this.single = !bad;
    if (!bad) return this.announce("saving");
    await request(this.store("readwrite").put({ ...bad, refused: true }));
    return this.announce("offline");
  }

  async forget(items) {
    const store = this.store("readwrite");
    await Promise.all(items.map(({ key }) => request(store.delete(key))));
    this.again = items.length > 0;
    return this.announce("gone");
  }

  announce(state) {
    this.dispatchEvent(new CustomEvent("state", { detail: state }));
    return state;
  }
}
