// @ts-check
/** One line of news at the foot of the page, gone by itself, or when somebody goes on. */

import { element } from "./dom.js";

const SHOWN_MS = 6_000;

/** @param {string} text */
export function showBar(text) {
  document.querySelector(".banner")?.remove();
  const banner = element("div", { class: "banner", role: "status" }, text);
  document.body.append(banner);
  setTimeout(() => banner.remove(), SHOWN_MS);
  addEventListener("pointerdown", () => banner.remove(), { capture: true, once: true });
}
