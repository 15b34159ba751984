// Keeps the parts of the page that carry data-refresh current: the server says "changed", the part is fetched
// again. A part in which somebody is (the keyboard's focus, a playing sound) waits until they have left it.

const parts = [...document.querySelectorAll("[data-refresh]")];

async function refresh(part) {
  const answer = await fetch(part.dataset.refresh, { redirect: "error" });
  if (answer.status === 401) {
    location.assign("/login");
    return;
  }
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Somebody may have come to the part while its text was under way.
  if (isInUse(part)) {
    waiting = true;
    return;
  }
  part.replaceChildren(...fresh.body.childNodes);
}

function isInUse(part) {
  return part.contains(document.activeElement) || [...part.querySelectorAll("audio")].some((a) => !a.paused);
}

let waiting = false;

function refreshAll() {
  waiting = parts.some(isInUse);
  for (const part of parts) {
    if (!isInUse(part)) refresh(part).catch(() => {});
  }
}

for (const part of parts) {
  part.addEventListener("focusout", () => {
    if (waiting) requestAnimationFrame(refreshAll);
  });
}

const events = new EventSource("/events");
events.onmessage = refreshAll;
events.onerror = () => {
  // Closed for good means that the server turned the browser away: the session is over, and so is the page.
  if (events.readyState === EventSource.CLOSED) location.assign("/login");
};
// A stream that was cut may have missed something.
events.onopen = refreshAll;
