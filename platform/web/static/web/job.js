/* Follows a job: `<div data-job="STATUS-URL">`, and, if it has one, fetches `data-fragment` into `data-target`.
   Stops and loads the page anew when the job ends. */

const PAUSE = 1500;

async function follow(element) {
  const words = element.querySelector("[data-words]");
  let done = -1;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    try {
      const answer = await fetch(element.dataset.job);
      // Signed out meanwhile, or the job is gone: the page itself says which.
      if (answer.redirected || (answer.status >= 400 && answer.status < 500)) return location.reload();
      if (!answer.ok) continue;
      const job = await answer.json();
      if (job.ended) return location.reload();
      show(element, words, job);
      if (job.done !== done) await refresh(element);
      done = job.done;
    } catch {
      /* The server may be restarting: ask again. */
    }
  }
}

function show(element, words, job) {
  const bar = element.querySelector("progress");
  bar.max = job.total || 1;
  if (job.total) bar.value = job.done;
  const parts = [job.stopping ? `${job.label}, ${element.dataset.stopping}` : job.label];
  if (job.total) parts.push(`${job.done} / ${job.total} ${job.message}`);
  if (job.left !== null) parts.push(element.dataset.left.replace("{time}", time(job.left)));
  const text = parts.join(" · ");
  // Unchanged words must not be read out again.
  if (words.textContent !== text) words.textContent = text;
}

async function refresh(element) {
  const target = element.dataset.target && document.querySelector(element.dataset.target);
  if (!target) return;
  const answer = await fetch(element.dataset.fragment);
  if (!answer.ok) return;
  const open = target.querySelector("details")?.open ?? false;
  target.innerHTML = await answer.text();
  const details = target.querySelector("details");
  if (details) details.open = open;
}

function time(seconds) {
  return seconds < 90 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}

document.querySelectorAll("[data-job]").forEach(follow);
