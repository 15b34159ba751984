// @ts-check
/** A recording that a crash or a closed page left here: it can go or be deleted, and not be listened to. */

import { element } from "../dom.js";
import { deleteDraft } from "../drafts.js";
import { choice, line, newsPlace, waitingSign } from "../parts.js";
import { handOver } from "../outbox.js";
import { go } from "../router.js";
import { showBar } from "../banner.js";
import { say } from "../i18n.js";
import { visit } from "../visit.js";
import { homeScreen } from "./home.js";
import { queuedScreen } from "./queued.js";

/**
 * @param {import("../drafts.js").Draft} draft
 * @returns {import("../router.js").Screen}
 */
export function draftScreen(draft) {
  return (context) => {
    const news = newsPlace();
    const give = () =>
      context.attempt(async () => {
        news.replaceChildren(waitingSign("review.sealing"));
        const { seconds: _seconds, ...sealed } = draft;
        const number = await handOver(sealed);
        await deleteDraft(draft.id);
        visit.messages.unshift({
          kind: "voice",
          references: [draft.id],
          numbers: number === null ? [] : [number],
          state: number === null ? "here" : "on-the-box",
          proved: false,
          answerable: false,
          twoForms: false,
        });
        if (context.isShown()) go(queuedScreen);
      });
    const drop = () =>
      context.attempt(async () => {
        await deleteDraft(draft.id);
        showBar(say("draft.deleted"));
        go(homeScreen);
      });
    return {
      title: "draft.title",
      back: homeScreen,
      content: [
        line("draft.kept", { seconds: draft.seconds }),
        line("queued.no-code", {}, "hint"),
        news,
        element("div", { class: "choices" }, choice("draft.queue", "queue", give, { kind: "main" }), choice("draft.delete", "delete", drop)),
      ],
    };
  };
}
