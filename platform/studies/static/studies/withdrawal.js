/* After a withdrawal, what this device still kept of the session goes too: ratings that were never sent. */
import { Outbox } from "./outbox.js";

const KEY = "withdrawing";
const form = document.querySelector("#withdraw-form");

if (form) {
  // The session's address is gone after the deletion: remember which one it was, in this tab only.
  form.addEventListener("submit", () => sessionStorage.setItem(KEY, form.dataset.session));
} else if (sessionStorage.getItem(KEY)) {
  const session = sessionStorage.getItem(KEY);
  const outbox = await Outbox.open(session, "", "");
  const request = outbox.store("readwrite").getAll();
  request.onsuccess = () => {
    const own = request.result.filter((item) => item.session === session);
    for (const item of own) request.source.delete(item.key);
    sessionStorage.removeItem(KEY);
  };
}
