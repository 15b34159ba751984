// @ts-check
/** For the technician: how the box is, what waits, what the links cost. Nothing of what anybody said. */

import { hasOwnOpus } from "../audio/opus-encoder.js";
import { hasMicrophone } from "../audio/sound.js";
import { hasThin } from "../audio/thin.js";
import { element } from "../dom.js";
import { box } from "../facts.js";
import { say, sayWhen, useLanguage } from "../i18n.js";
import { LANGUAGES } from "../languages.js";
import { choice, waitingSign } from "../parts.js";
import { go } from "../router.js";

/** @typedef {[string, string]} Row */

/** @type {import("../router.js").Screen} */
export function technicianScreen(context) {
  const place = element("div", { class: "technician" }, waitingSign("technician.title"));
  void context.attempt(async () => {
    const [{ document: facts }, { document: status }] = await Promise.all([box.ask("/v1/box"), box.ask("/v1/status")]);
    const browser = await browserRows();
    if (!context.isShown()) return;
    place.replaceChildren(
      boxCard(facts, status),
      queueCard(status),
      tableCard("technician.links", linkHead(), status.links.map(linkRow)),
      budgetCard(status.budget),
      spentCard(status),
      listCard("technician.browser", browser),
    );
  });
  return {
    title: "technician.title",
    content: [place, choice("technician.refresh", "redo", () => go(technicianScreen)), languageButtons(context)],
  };
}

/** @param {import("../router.js").ScreenContext} context */
function languageButtons(context) {
  const buttons = LANGUAGES.map(({ tag, name }) => {
    const choose = () =>
      context.attempt(async () => {
        await useLanguage(tag);
        go(technicianScreen);
      });
    return element("button", { class: "language", type: "button", lang: tag, onclick: choose }, name);
  });
  return element("div", { class: "languages" }, ...buttons);
}

/**
 * @param {any} facts
 * @param {any} status
 */
function boxCard(facts, status) {
  const lastKey = Math.max(...facts.desk_keys.map((/** @type {any} */ key) => key.not_after));
  /** @type {Row[]} */
  const rows = [
    [say("technician.vessel"), `${facts.vessel_name} (${facts.vessel})`],
    [say("technician.fingerprint"), facts.fingerprint],
    [say("technician.desk"), facts.desk_name],
    [say("technician.desk-key"), day(lastKey)],
    [say("technician.clock"), moment(status.clock.now)],
    [say("technician.last-contact"), heard(status.last_contact_at)],
    ...certificateRows(status.phones),
  ];
  const card = listCard("technician.box", rows);
  card.append(element("p", { class: "fine" }, say("technician.fingerprint.hint")));
  if (status.clock.now < status.clock.issued_at) {
    card.append(element("p", { class: "warning" }, say("technician.clock.wrong")));
  }
  if (["ends-soon", "ended"].includes(status.phones?.state)) {
    card.append(element("p", { class: "warning" }, say(`technician.certificate.${status.phones.state}`)));
  }
  return card;
}

/**
 * @param {any} phones
 * @returns {Row[]}
 */
function certificateRows(phones) {
  const words = phones?.names.length ? phones.names.join(", ") : say("technician.certificate.none");
  /** @type {Row[]} */
  const rows = [[say("technician.certificate"), words]];
  if (phones?.not_after) rows.push([say("technician.certificate.until"), day(phones.not_after)]);
  if (phones?.problem) rows.push([say("technician.link.problem"), phones.problem]);
  return rows;
}

/** @param {any} budget */
function budgetCard({ bearers, currency, refused_caps: refusal }) {
  const head = ["technician.link.name", "technician.spent", "technician.budget.allowed", "technician.budget.left"];
  const amount = (/** @type {number | null} */ money, /** @type {number | null} */ size) => {
    const parts = [money === null ? "" : `${money.toFixed(2)} ${currency}`, size === null ? "" : bytes(size)];
    return parts.filter(Boolean).join(", ") || say("technician.budget.none");
  };
  const rows = bearers.map((/** @type {any} */ each) => [
    each.bearer,
    amount(each.spent_money, each.spent_bytes),
    amount(each.cap_money, each.cap_bytes),
    amount(each.left_money, each.left_bytes),
  ]);
  const card = tableCard("technician.budget", head, rows);
  if (refusal) card.append(element("p", { class: "warning" }, refusal));
  return card;
}

/** @param {any} status */
function queueCard({ queue, states }) {
  /** @type {Row[]} */
  const rows = [
    [say("technician.queue"), say("technician.queue.messages", { count: queue.bundles, most: queue.bundles_max })],
    ["", say("technician.queue.bytes", { size: bytes(queue.bytes), most: bytes(queue.bytes_max) })],
    ...Object.entries(states).map(([name, count]) => /** @type {Row} */ ([stateWords(name), String(count)])),
  ];
  return listCard("technician.states", rows);
}

/** @param {string} name as the box writes it */
function stateWords(name) {
  return say(`state.${name.toLowerCase().replaceAll(" ", "-")}`);
}

/** @param {any} status */
function spentCard({ spent, duplicate_bytes: duplicates, refused }) {
  const head = ["technician.link.name", "technician.spent.kind", "technician.spent.up", "technician.spent.down"];
  const rows = spent.map((/** @type {any} */ each) => [
    each.bearer, each.priority, bytes(each.up_bytes), bytes(each.down_bytes),
  ]);
  const card = tableCard("technician.spent", head, rows);
  const refusals = Object.entries(refused).map(([code, count]) => `${code}: ${count}`).join(", ") || "0";
  card.append(
    definitionList([
      [say("technician.duplicates"), bytes(duplicates)],
      [say("technician.refused"), refusals],
    ]),
  );
  return card;
}

function linkHead() {
  return ["technician.link.name", "technician.link.state", "technician.link.heard", "technician.link.problem"];
}

/** @param {any} link */
function linkRow(link) {
  return [link.name, link.state, heard(link.last_heard_at), link.problem || "–"];
}

/** @returns {Promise<Row[]>} */
async function browserRows() {
  const words = (/** @type {boolean} */ yes) => say(yes ? "action.yes" : "action.no");
  const worker = "serviceWorker" in navigator && (await navigator.serviceWorker.getRegistration());
  return [
    [say("technician.browser.secure"), words(isSecureContext)],
    [say("technician.browser.microphone"), words(hasMicrophone())],
    [say("technician.browser.opus"), words(await hasOwnOpus())],
    [say("technician.browser.encoder"), words(await hasThin())],
    [say("technician.browser.offline"), words(Boolean(worker))],
  ];
}

/**
 * @param {string} title
 * @param {Row[]} rows
 */
function listCard(title, rows) {
  return element("section", { class: "card" }, element("h2", {}, say(title)), definitionList(rows));
}

/** @param {Row[]} rows */
function definitionList(rows) {
  return element("dl", {}, ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
}

/**
 * @param {string} title
 * @param {string[]} head
 * @param {string[][]} rows
 */
function tableCard(title, head, rows) {
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...head.map((key) => element("th", { scope: "col" }, say(key))))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell) => element("td", {}, cell))))),
  );
  const scrolled = element("div", { class: "wide", tabindex: "0", role: "region", "aria-label": say(title) }, table);
  return element("section", { class: "card" }, element("h2", {}, say(title)), scrolled);
}

/** @param {number} count */
function bytes(count) {
  if (Math.abs(count) < 10_000) return `${count} B`;
  return Math.abs(count) < 10_000_000 ? `${(count / 1000).toFixed(1)} kB` : `${(count / 1e6).toFixed(1)} MB`;
}

/** @param {number | null} at */
function heard(at) {
  return at === null ? say("technician.never") : sayWhen(at);
}

/** @param {number} at */
function day(at) {
  return new Date(at * 1000).toISOString().slice(0, 10);
}

/** @param {number} at */
function moment(at) {
  return new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ");
}
