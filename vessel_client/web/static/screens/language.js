// @ts-check
/** The start page: eight languages, each in its own script, spoken when touched. */

import { element } from "../dom.js";
import { useLanguage } from "../i18n.js";
import { LANGUAGES } from "../languages.js";
import { isOwnScreen } from "../own-screen.js";
import { limit } from "../parts.js";
import { go } from "../router.js";
import { sayAloud } from "../speak.js";
import { loadHome } from "./home-soon.js";

/** @type {import("../router.js").Screen} */
export function languageScreen(context) {
  const buttons = LANGUAGES.map(({ tag, name }) => {
    const choose = () =>
      context.attempt(async () => {
        const [homeScreen] = await Promise.all([loadHome(), useLanguage(tag)]);
        go(homeScreen);
        void sayAloud("language.this", tag);
      });
    return element("button", { class: "language", type: "button", lang: tag, onclick: choose }, name);
  });
  const limits = [
    isSecureContext ? null : limit("limit.http", "urgent"),
    isOwnScreen() ? limit("limit.shared-screen", "draft") : null,
  ].filter((each) => each !== null);
  return { title: "language.title", content: [element("div", { class: "languages" }, ...buttons), ...limits] };
}
