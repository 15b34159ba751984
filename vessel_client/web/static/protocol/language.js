// @ts-check
/** The languages of messages, by the number they have on the wire. */

/** @typedef {0 | 1 | 2 | 3 | 4 | 5 | 6 | 7} LanguageNumber */

export const Language = Object.freeze({
  ENGLISH: 0,
  BURMESE: 1,
  KHMER: 2,
  THAI: 3,
  LAO: 4,
  INDONESIAN: 5,
  FILIPINO: 6,
  VIETNAMESE: 7,
});

const TAGS = ["en", "my", "km", "th", "lo", "id", "fil", "vi"];

export const LANGUAGE_MAX = TAGS.length - 1;

/**
 * The BCP 47 tag, which also names the catalogue and the priming text.
 * @param {number} language
 * @returns {string}
 */
export function tagOf(language) {
  return TAGS[language];
}

/**
 * The language of a tag such as "fil"; throws `RangeError` where no language has it.
 * @param {string} tag
 * @returns {number}
 */
export function fromTag(tag) {
  const language = TAGS.indexOf(tag);
  if (language < 0) throw new RangeError(`no language has the tag ${tag}`);
  return language;
}
