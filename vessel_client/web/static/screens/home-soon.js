// @ts-check
/** The way to what somebody can do here, for screens that are there before it is loaded. */

import { part } from "../part.js";
import { go } from "../router.js";

/** Load it; throws `page-incomplete`. */
export async function loadHome() {
  const { homeScreen } = await part(import("./home.js"));
  return homeScreen;
}

/** @type {import("../router.js").Screen} */
export function homeSoonScreen(context) {
  void context.attempt(async () => {
    const homeScreen = await loadHome();
    if (context.isShown()) go(homeScreen);
  });
  return { title: "home.title", content: [] };
}
