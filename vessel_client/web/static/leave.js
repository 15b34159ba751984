// @ts-check
/**
 * Leaves at once: everything of the visit is forgotten, the screen shows weather and tides, and the address in the
 * history is that of the weather page, so that Back does not lead here again.
 */

import { showCover } from "./cover.js";
import { leaveScreen } from "./router.js";
import { forgetVisit } from "./visit.js";

const SHIFTS = 3;
const SHIFTS_WITHIN_MS = 1_500;
const COVER_ADDRESS = "/weather";

/** @type {(() => void)[]} */
const leaving = [];

/**
 * Do something more when somebody leaves.
 * @param {() => void} work
 */
export function onLeaveQuickly(work) {
  leaving.push(work);
}

export function leaveQuickly() {
  for (const work of leaving) work();
  leaveScreen();
  forgetVisit();
  history.replaceState(null, "", COVER_ADDRESS);
  showCover();
  void loadAnew();
}

/** A page loaded anew holds nothing in memory; where nothing answers, the cover that is shown has to do. */
async function loadAnew() {
  try {
    const response = await fetch(COVER_ADDRESS, { cache: "no-store" });
    if (response.ok) location.replace(COVER_ADDRESS);
  } catch (reason) {
    if (!(reason instanceof TypeError)) throw reason;
  }
}

/** Listen for three Shifts in a row. */
export function listenForShifts() {
  /** @type {number[]} */
  let pressed = [];
  addEventListener("keydown", (event) => {
    if (event.repeat) return;
    if (event.key !== "Shift") {
      pressed = [];
      return;
    }
    pressed = [...pressed, event.timeStamp].slice(-SHIFTS);
    const inTime = event.timeStamp - pressed[0] <= SHIFTS_WITHIN_MS;
    if (pressed.length === SHIFTS && inTime) leaveQuickly();
  });
}
