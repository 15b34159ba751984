// @ts-check
/** The cover page: moon, tides and a wind scale, computed here, so that it works with no link and no box. */

import { element } from "./dom.js";
import { say } from "./i18n.js";

const DAY_MS = 86_400_000;
/** A new moon, and the mean time between two (Meeus, Astronomical Algorithms, ch. 49). */
const NEW_MOON_MS = Date.UTC(2000, 0, 6, 18, 14);
const MONTH_DAYS = 29.530588853;
/** The moon passes each place this much later from tide to tide. */
const TIDE_MS = 12.4206 * 3_600_000;
const CURVE_POINTS = 96;
const SVG = "http://www.w3.org/2000/svg";

/** Wind in knots and the sea that it makes in metres, by the Beaufort scale. */
const WIND_SCALE = [
  ["4–6", "0.2"], ["7–10", "0.6"], ["11–16", "1"], ["17–21", "2"], ["22–27", "3"], ["28–33", "4"],
];

/** Replace the whole page. */
export function showCover() {
  document.title = say("cover.title");
  for (const extra of document.querySelectorAll(".idle, .banner")) extra.remove();
  const now = new Date();
  const age = moonAgeDays(now.getTime());
  const page = /** @type {HTMLElement} */ (document.getElementById("page"));
  const home = element("a", { class: "cover-sun", href: "/", "aria-label": say("cover.today") });
  page.replaceChildren(
    element(
      "main",
      { class: "cover" },
      element("div", { class: "heading" }, home, element("h1", {}, say("cover.title"))),
      element("p", { class: "cover-day" }, now.toLocaleDateString(document.documentElement.lang, { weekday: "long", day: "numeric", month: "long" })),
      element("section", { class: "card" }, element("h2", {}, say("cover.tide")), tideCurve(now.getTime(), age), tideTimes(now.getTime(), age)),
      element("section", { class: "card" }, element("h2", {}, say("cover.moon")), moonPicture(age)),
      element("section", { class: "card" }, windTable()),
      element("p", { class: "cover-note" }, say("cover.approximate")),
    ),
  );
}

/** @param {number} at */
function moonAgeDays(at) {
  const days = (at - NEW_MOON_MS) / DAY_MS;
  return ((days % MONTH_DAYS) + MONTH_DAYS) % MONTH_DAYS;
}

/**
 * Height of the tide by moon and sun alone, from -1 to 1: springs at new and full moon, neaps between.
 * @param {number} at
 * @param {number} age
 */
function tideHeight(at, age) {
  const range = 0.7 + 0.3 * Math.cos((4 * Math.PI * age) / MONTH_DAYS);
  return range * Math.cos((2 * Math.PI * (at - NEW_MOON_MS)) / TIDE_MS);
}

/**
 * @param {number} now
 * @param {number} age
 */
function tideCurve(now, age) {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const points = Array.from({ length: CURVE_POINTS + 1 }, (_, step) => {
    const at = midnight + (step / CURVE_POINTS) * DAY_MS;
    return `${(step / CURVE_POINTS) * 320},${50 - 38 * tideHeight(at, age)}`;
  });
  const drawing = vector("svg", { viewBox: "0 0 320 100", class: "tide", role: "img", "aria-label": say("cover.tide") });
  const here = ((now - midnight) / DAY_MS) * 320;
  drawing.append(
    vector("polygon", { points: `0,100 ${points.join(" ")} 320,100`, class: "tide-water" }),
    vector("polyline", { points: points.join(" "), class: "tide-line" }),
    vector("line", { x1: here, x2: here, y1: 0, y2: 100, class: "tide-now" }),
  );
  return drawing;
}

/**
 * @param {number} now
 * @param {number} age
 */
function tideTimes(now, age) {
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  const half = TIDE_MS / 2;
  const first = Math.ceil((midnight - NEW_MOON_MS) / half);
  const list = element("ul", { class: "tide-times" });
  for (let turn = first; NEW_MOON_MS + turn * half < midnight + DAY_MS; turn += 1) {
    const at = NEW_MOON_MS + turn * half;
    const clock = new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    const height = (1.6 + 1.2 * tideHeight(at, age)).toFixed(1);
    const key = turn % 2 === 0 ? "cover.high" : "cover.low";
    list.append(element("li", {}, element("span", {}, say(key)), element("b", {}, clock), element("span", {}, `${height} ${say("cover.metres")}`)));
  }
  return list;
}

/** @param {number} age */
function moonPicture(age) {
  const phase = age / MONTH_DAYS;
  const drawing = vector("svg", { viewBox: "-50 -50 100 100", class: "moon", role: "img", "aria-label": say("cover.moon") });
  // The edge between light and dark is half an ellipse; its width follows the phase.
  const width = 40 * Math.cos(2 * Math.PI * phase);
  const waxing = phase < 0.5;
  const outer = waxing ? 1 : 0;
  const inner = (width > 0) === waxing ? 0 : 1;
  const lit = `M0,-40 A40,40 0 0 ${outer} 0,40 A${Math.abs(width).toFixed(1)},40 0 0 ${inner} 0,-40`;
  drawing.append(vector("circle", { r: 40, class: "moon-dark" }), vector("path", { d: lit, class: "moon-lit" }));
  return drawing;
}

function windTable() {
  const head = element(
    "tr",
    {},
    element("th", { scope: "col" }, `${say("cover.wind")} (${say("cover.knots")})`),
    element("th", { scope: "col" }, `${say("cover.waves")} (${say("cover.metres")})`),
  );
  const rows = WIND_SCALE.map(([wind, waves]) => element("tr", {}, element("td", {}, wind), element("td", {}, waves)));
  return element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
}

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 */
function vector(tag, attributes) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  return made;
}
