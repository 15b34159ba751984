// @ts-check
/** What a report can be about, in the groups in which the screen shows it. */

import { Category, URGENT_CATEGORIES } from "../protocol/message.js";

/** @typedef {{ name: string, categories: (keyof typeof Category)[] }} Group */

/** @type {readonly Group[]} */
export const GROUPS = Object.freeze([
  { name: "money", categories: ["UNPAID_WAGES", "DEDUCTIONS", "REMITTANCE_NOT_SENT", "DEBT"] },
  { name: "harm", categories: ["VIOLENCE", "SEXUAL_VIOLENCE", "THREATS", "SUICIDE"] },
  { name: "health", categories: ["INJURY", "ILLNESS", "SWOLLEN_OR_BREATHLESS"] },
  { name: "life", categories: ["TOO_LITTLE_REST", "FOOD_OR_WATER", "PLACE_TO_SLEEP", "SAFETY_GEAR"] },
  { name: "papers", categories: ["PAPERS_KEPT"] },
  {
    name: "contract",
    categories: ["CONTRACT_NOT_UNDERSTOOD", "CONTRACT_REPLACED", "CONTRACT_EXPIRED", "MOVED_TO_ANOTHER_VESSEL"],
  },
  { name: "movement", categories: ["NOT_ALLOWED_ASHORE", "NOT_TAKEN_HOME", "ABANDONED"] },
  { name: "loss", categories: ["MISSING", "OVERBOARD", "DEAD"] },
  { name: "other", categories: ["CHILD_WORKING", "ILLEGAL_FISHING", "OFFICIAL_MISCONDUCT", "PUNISHED_FOR_SPEAKING"] },
]);

/** Whether help is needed now is asked once for these: those that always hurry, and harm by others. */
const ASKED_ABOUT = new Set([...URGENT_CATEGORIES, Category.VIOLENCE, Category.SEXUAL_VIOLENCE]);

/**
 * The last part of a category's keys and file names.
 * @param {string} name
 */
export function categoryKey(name) {
  return name.toLowerCase().replaceAll("_", "-");
}

/**
 * @param {number} number
 * @returns {string}
 */
export function keyOfNumber(number) {
  const found = Object.entries(Category).find(([, value]) => value === number);
  return categoryKey(found ? found[0] : "");
}

/**
 * Whether these hurry without anybody being asked.
 * @param {number[]} categories
 */
export function isUrgent(categories) {
  return categories.some((category) => URGENT_CATEGORIES.includes(category));
}

/** @param {number[]} categories */
export function mustAsk(categories) {
  return categories.some((category) => ASKED_ABOUT.has(category));
}
