// @ts-check
/** Starts the page: everything is put together here, and only here. */

import { showBar } from "./banner.js";
import { forgetLanguage, say } from "./i18n.js";
import { stopWatching, watchIdleness } from "./idle.js";
import { listenForShifts, onLeaveQuickly } from "./leave.js";
import { noteTaken } from "./messages.js";
import { keepTrying, onTaken } from "./outbox.js";
import { ProtocolError } from "./protocol/errors.js";
import { go, leaveScreen } from "./router.js";
import { languageScreen } from "./screens/language.js";
import { loadPrompts } from "./speak.js";
import { forgetVisit } from "./visit.js";

const TECHNICIAN_ADDRESS = "/technician";

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
  onTaken(noteTaken);
  keepTrying(() => showBar(say("offline.handed")));
  await installWorker();
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
