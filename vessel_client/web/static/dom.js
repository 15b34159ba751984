// @ts-check
/** Makes elements. Text always goes in as text, so that nothing a person or a desk wrote can become markup. */

/** @typedef {Node | string | null | false | undefined} Child */

/**
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on…` takes a listener; false and undefined leave an attribute out
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children.filter(isShown));
  return made;
}

/**
 * @param {Child} child
 * @returns {child is Node | string}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/**
 * One of our pictograms, drawn in the colour of the text around it.
 * @param {string} name
 * @param {string} [kind] an extra class
 */
export function icon(name, kind = "") {
  const made = element("span", { class: `icon ${kind}`.trim(), "aria-hidden": "true" });
  const address = new URL(`icons/${name}.svg`, import.meta.url).href;
  made.style.setProperty("--icon", `url("${address}")`);
  return made;
}

/**
 * One picture of a receipt code.
 * @param {number} number from 0 to 63
 * @param {string} name what it shows, in the person's language
 */
export function receiptPicture(number, name) {
  const file = `pictures/${String(number).padStart(2, "0")}.svg`;
  return element("img", {
    src: new URL(file, import.meta.url).href,
    alt: name,
    width: 48,
    height: 48,
    draggable: "false",
  });
}
