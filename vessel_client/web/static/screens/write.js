// @ts-check
/** Writing. */

import { prepareCode } from "../codes.js";
import { element } from "../dom.js";
import { languageTag, say } from "../i18n.js";
import { isOwnScreen } from "../own-screen.js";
import { choice, limit, line, newsPlace, waitingSign } from "../parts.js";
import { queueText } from "../messages.js";
import { fromTag } from "../protocol/language.js";
import * as limits from "../protocol/limits.js";
import { ProtocolError } from "../protocol/errors.js";
import { characterCount, primed } from "../protocol/textpack.js";
import { go } from "../router.js";
import { visit } from "../visit.js";
import { aboutScreen, chosenCategories } from "./about.js";
import { homeScreen } from "./home.js";
import { queuedScreen } from "./queued.js";

/** @type {import("../router.js").Screen} */
export function writeScreen(context) {
  prepareCode();
  // Learning the language takes a moment; it is done while somebody writes.
  primed(fromTag(languageTag())).catch((reason) => {
    if (!(reason instanceof ProtocolError)) throw reason;
  });
  const news = newsPlace();
  const left = element("p", { class: "fine" });
  const field = /** @type {HTMLTextAreaElement} */ (
    element("textarea", {
      id: "text", rows: 6, autocomplete: "off", autocapitalize: "sentences", spellcheck: "false", lang: languageTag(),
    })
  );
  field.value = visit.text;
  const count = () => {
    visit.text = field.value;
    left.textContent = say("write.left", { count: limits.TEXT_CHARACTERS_MAX - characterCount(field.value) });
  };
  field.addEventListener("input", count);
  count();
  const about = visit.categories.length ? { detail: chosenCategories() } : {};
  return {
    title: "write.title",
    back: homeScreen,
    content: [
      element("label", { for: "text", class: "hidden-label" }, say("write.label")),
      line("write.hint", {}, "hint"),
      field,
      left,
      news,
      choice("action.queue", "queue", () => void context.attempt(() => give(news, context)), { kind: "main" }),
      element("div", { class: "choices" }, choice("review.about", "pictures", () => go(aboutScreen(writeScreen)), about)),
      limit("review.sealed", "lock"),
      limit("write.not-kept", "error"),
      ...(isOwnScreen() ? [limit("limit.owner", "error")] : []),
    ],
  };
}

/**
 * @param {HTMLElement} news
 * @param {import("../router.js").ScreenContext} context
 */
async function give(news, context) {
  if (!visit.text.trim()) {
    news.textContent = say("write.nothing");
    return;
  }
  if (news.querySelector(".waiting")) return;
  news.replaceChildren(waitingSign("review.sealing"));
  await queueText(visit.text.trim());
  if (context.isShown()) go(queuedScreen);
}
