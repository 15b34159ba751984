// The phrase book: a sentence is chosen in one's own language, and goes into the answer in the fisher's.

const book = document.getElementById("phrase-book");
const form = book.querySelector("form");
const text = document.getElementById("text");
const language = document.getElementById("language");

let loaded = "";

async function load() {
  if (!book.open || loaded === language.value) return;
  loaded = language.value;
  const answer = await fetch(`/phrases?language=${encodeURIComponent(loaded)}`, { redirect: "error" });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  const trouble = fresh.querySelector("main .trouble");
  form.replaceChildren(...(trouble ? [trouble] : fresh.body.childNodes));
  if (!trouble) prepare();
}

function prepare() {
  const list = form.querySelector("#phrase");
  const search = form.querySelector("#phrase-search");
  // A list cuts long sentences off on a narrow screen.
  const own = form.querySelector("#phrase-own");
  const shown = form.querySelector("#phrase-theirs");
  const blanks = [...form.querySelectorAll("[data-blank]")];
  const insert = form.querySelector("#phrase-insert");

  const filled = () => {
    let sentence = list.selectedOptions[0]?.dataset.theirs ?? "";
    for (const blank of blanks) {
      // Given as a function, so that a dollar sign in a name stands for itself.
      const value = blank.querySelector("input").value.trim();
      sentence = sentence.replaceAll(`{${blank.dataset.blank}}`, () => value || "…");
    }
    return sentence;
  };
  const show = () => {
    const open = (list.selectedOptions[0]?.dataset.blanks ?? "").split(" ");
    for (const blank of blanks) {
      blank.hidden = !open.includes(blank.dataset.blank);
      blank.querySelector("input").required = !blank.hidden;
    }
    insert.disabled = list.selectedIndex < 0;
    own.textContent = list.selectedOptions[0]?.text ?? "";
    shown.textContent = filled();
  };

  list.addEventListener("change", show);
  form.addEventListener("input", (event) => {
    if (blanks.some((blank) => blank.contains(event.target))) shown.textContent = filled();
  });
  search.addEventListener("input", () => {
    const wanted = search.value.trim().toLocaleLowerCase();
    for (const option of list.options) option.hidden = !option.text.toLocaleLowerCase().includes(wanted);
    for (const group of list.querySelectorAll("optgroup")) {
      group.hidden = [...group.children].every((option) => option.hidden);
    }
  });
  const down = (event) => {
    if (event.key !== "ArrowDown" && event.key !== "Enter") return;
    event.preventDefault();
    const first = [...list.options].find((option) => !option.hidden);
    if (!first) return;
    first.selected = true;
    show();
    list.focus();
  };
  search.addEventListener("keydown", down);
  list.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.onsubmit = (event) => {
    event.preventDefault();
    put(filled());
  };
}

function put(sentence) {
  const before = text.value.slice(0, text.selectionStart);
  const gap = before && !/\s$/.test(before) ? " " : "";
  text.setRangeText(gap + sentence, text.selectionStart, text.selectionEnd, "end");
  text.dispatchEvent(new Event("input", { bubbles: true }));
  text.focus();
}

const again = () => load().catch(() => (loaded = ""));
book.addEventListener("toggle", again);
language.addEventListener("change", again);
book.hidden = false;
