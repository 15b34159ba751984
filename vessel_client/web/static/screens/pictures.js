// @ts-check
/** A report without a word: pictures alone. */

import { prepareCode } from "../codes.js";
import { say } from "../i18n.js";
import { choice, line, newsPlace, waitingSign } from "../parts.js";
import { queuePictures } from "../messages.js";
import { go } from "../router.js";
import { visit } from "../visit.js";
import { goOn, pictograms } from "./about.js";
import { homeScreen } from "./home.js";
import { queuedScreen } from "./queued.js";

/** @type {import("../router.js").Screen} */
export function picturesScreen() {
  prepareCode();
  const news = newsPlace();
  const next = () => {
    if (visit.categories.length) goOn(givePicturesScreen);
    else news.textContent = say("pictures.nothing");
  };
  return {
    title: "pictures.title",
    back: homeScreen,
    content: pictograms(),
    foot: [news, choice("action.queue", "queue", next, { kind: "main" })],
  };
}

/** @type {import("../router.js").Screen} */
function givePicturesScreen(context) {
  void context.attempt(async () => {
    await queuePictures();
    if (context.isShown()) go(queuedScreen);
  });
  return { title: "pictures.title", content: [waitingSign("review.sealing"), line("review.sealed", {}, "hint")] };
}
