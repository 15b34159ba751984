// @ts-check
/** What stands round every screen: Back, the title, and the way to leave quickly. */

import { element, icon } from "./dom.js";
import { say } from "./i18n.js";
import { leaveQuickly } from "./leave.js";
import { ear } from "./parts.js";

/**
 * @param {import("./router.js").ScreenParts} parts
 * @param {(screen: import("./router.js").Screen) => void} go
 * @returns {HTMLElement[]}
 */
export function frame({ title, content, back, foot }, go) {
  const backButton =
    back && element("button", { class: "bar-button", type: "button", onclick: () => go(back) }, icon("back"), say("action.back"));
  const leaveButton = element(
    "button",
    { class: "bar-button leave", type: "button", onclick: leaveQuickly },
    icon("leave"),
    say("leave.button"),
  );
  const heading = element("div", { class: "heading" }, element("h1", { tabindex: "-1" }, say(title)), ear(title));
  return [
    element("header", { class: "bar" }, backButton || element("span"), leaveButton),
    element("main", { class: foot ? "screen scrolled" : "screen" }, heading, ...content),
    ...(foot ? [element("footer", { class: "foot" }, ...foot)] : []),
  ];
}
