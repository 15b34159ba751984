// Says what the answer would take while somebody writes it: the desk packs and seals it, and throws it away.

const PAUSE_MS = 400;

const form = document.getElementById("answer");
const text = document.getElementById("text");
const cost = document.getElementById("cost");

let timer = 0;
let asking = new AbortController();

async function measure() {
  asking.abort();
  asking = new AbortController();
  if (!text.value.trim()) {
    cost.replaceChildren();
    return;
  }
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.dataset.cost, { method: "POST", body, redirect: "error", signal: asking.signal });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  cost.replaceChildren(...fresh.body.childNodes);
}

// A question that a newer one overtakes, or that the desk cannot answer now, leaves what is shown.
const soon = () => {
  clearTimeout(timer);
  timer = setTimeout(() => measure().catch(() => {}), PAUSE_MS);
};

text.addEventListener("input", soon);
document.getElementById("language").addEventListener("change", soon);
if (text.value) soon();

// With the cost in sight nobody has to look at it on a page of its own first.
document.getElementById("preview").hidden = true;
document.getElementById("send").hidden = false;
