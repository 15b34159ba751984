// @ts-check
/** The eight languages of the start page, each by its own name in its own script. */

/** @typedef {{ tag: string, name: string }} PageLanguage */

/** @type {readonly PageLanguage[]} */
export const LANGUAGES = Object.freeze([
  { tag: "my", name: "မြန်မာဘာသာ" },
  { tag: "km", name: "ភាសាខ្មែរ" },
  { tag: "th", name: "ภาษาไทย" },
  { tag: "lo", name: "ພາສາລາວ" },
  { tag: "id", name: "Bahasa Indonesia" },
  { tag: "fil", name: "Filipino" },
  { tag: "vi", name: "Tiếng Việt" },
  { tag: "en", name: "English" },
]);
