// @ts-check
/**
 * Starts the page: everything is put together here, and only here. What the start page does not need is loaded
 * once it is painted, while a person chooses a language.
 */

import { showBar } from "./banner.js";
import { forgetLanguage, say } from "./i18n.js";
import { stopWatching, watchIdleness } from "./idle.js";
import { listenForShifts, onLeaveQuickly } from "./leave.js";
import { part } from "./part.js";
import { ProtocolError } from "./protocol/errors.js";
import { go, leaveScreen } from "./router.js";
import { languageScreen } from "./screens/language.js";
import { loadPrompts } from "./speak.js";
import { forgetVisit } from "./visit.js";

const TECHNICIAN_ADDRESS = "/technician";
const HIDDEN_MS = 500;

async function start() {
  await Promise.all([startLanguage(), loadPrompts()]);
  listenForShifts();
  onLeaveQuickly(stopWatching);
  if (location.pathname === TECHNICIAN_ADDRESS) {
    // Only technicians come here; nobody else loads it.
    const { technicianScreen } = await import("./screens/technician.js");
    go(technicianScreen);
    return;
  }
  go(languageScreen);
  watchIdleness(clear);
  // A page that the browser brings back from its memory shows nobody what somebody else did.
  addEventListener("pageshow", (event) => event.persisted && clear());
  addEventListener("pagehide", leaveScreen);
  await painted();
  await loadTheRest();
  await installWorker();
}

/** Wait until the start page can be seen, or for a page in the background, which paints nothing, a moment. */
function painted() {
  return new Promise((resolve) => {
    requestAnimationFrame(() => setTimeout(resolve));
    setTimeout(resolve, HIDDEN_MS);
  });
}

async function loadTheRest() {
  try {
    const [{ keepTrying, onTaken }, { noteTaken }] = await part(
      Promise.all([import("./outbox.js"), import("./messages.js"), import("./screens/home.js")]),
    );
    onTaken(noteTaken);
    keepTrying(() => showBar(say("offline.handed")));
  } catch (reason) {
    // The box went away at this moment; who chooses a language is told so.
    if (!(reason instanceof ProtocolError)) throw reason;
  }
}

async function startLanguage() {
  try {
    await forgetLanguage();
  } catch (reason) {
    // The names of the languages are drawn without a catalogue; choosing one tries again.
    if (!(reason instanceof ProtocolError)) throw reason;
  }
}

/** Back to the start page, with nothing left of the visit. */
function clear() {
  leaveScreen();
  forgetVisit();
  void startLanguage().then(() => go(languageScreen));
}

async function installWorker() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/worker.js");
  } catch (reason) {
    // Some browsers forbid it in private windows; the page works without.
    if (!(reason instanceof DOMException || reason instanceof TypeError)) throw reason;
  }
}

void start();
