// The sound of a message: drawn, with buttons and keys, silence passed over on wish. Where a clearer recording
// comes, it takes the place of the thin one as soon as nothing plays.

import { peaks, silences } from "./silence.js";
import WaveSurfer from "./vendor/wavesurfer.js";

const STEP_S = 5;
const RATE_HZ = 16_000;
const PARTS = 600;

const sound = document.getElementById("sound");
const player = document.getElementById("player");
const speed = player.querySelector("[data-player=speed]");
const skip = player.querySelector("[data-player=skip]");
const state = document.getElementById("sound-state");

// Whoever pauses at once interrupts the start; that is a wish and no fault.
const start = () => sound.play().catch((reason) => {
  if (reason.name !== "AbortError") throw reason;
});

const actions = {
  play: () => (sound.paused ? start() : sound.pause()),
  back: () => (sound.currentTime = Math.max(0, sound.currentTime - STEP_S)),
  forward: () => (sound.currentTime = Math.min(sound.duration || 0, sound.currentTime + STEP_S)),
  faster: () => choose(speed.selectedIndex + 1),
  slower: () => choose(speed.selectedIndex - 1),
  skip: () => (skip.checked = !skip.checked),
};

function choose(place) {
  speed.selectedIndex = Math.max(0, Math.min(speed.options.length - 1, place));
  apply();
}

// A new source forgets the speed unless it is the usual one, too.
const apply = () => (sound.defaultPlaybackRate = sound.playbackRate = Number(speed.value));

for (const button of player.querySelectorAll("button[data-player]")) {
  button.addEventListener("click", actions[button.dataset.player]);
}
speed.addEventListener("change", apply);

const keys = {
  " ": actions.play,
  ArrowLeft: actions.back,
  ArrowRight: actions.forward,
  "+": actions.faster,
  "-": actions.slower,
  s: actions.skip,
};

document.addEventListener("keydown", (event) => {
  // Whoever types, chooses or presses a button means that control, and the browser's own player has its keys.
  if (event.target.closest("input, textarea, select, button, a, audio, summary") || event.ctrlKey || event.altKey || event.metaKey) return;
  const action = keys[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

// --- what is drawn, and passed over ---

let quiet = [];

let wave = null;

// Made only once there is something to draw: before that the library would fetch and decode the sound itself.
const makeWave = (drawn, duration) => WaveSurfer.create({
  container: "#wave",
  media: sound,
  peaks: [drawn],
  duration,
  height: 72,
  barWidth: 3,
  barGap: 2,
  barRadius: 2,
  normalize: true,
  waveColor: colour("--soft"),
  progressColor: colour("--accent"),
  cursorColor: colour("--ink"),
  cspNonce: document.getElementById("wave").nonce,
});

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

async function draw() {
  const url = sound.src;
  const answer = await fetch(url, { redirect: "error" });
  if (!answer.ok) return;
  const decoded = await new OfflineAudioContext(1, 1, RATE_HZ).decodeAudioData(await answer.arrayBuffer());
  if (sound.src !== url) return;
  const samples = decoded.getChannelData(0);
  quiet = silences(samples, RATE_HZ);
  const drawn = peaks(samples, PARTS);
  if (wave) await wave.load(url, [drawn], decoded.duration);
  else wave = makeWave(drawn, decoded.duration);
  player.dataset.drawn = sound.dataset.codec;
}

function pass() {
  const silence = skip.checked && quiet.find(([from, to]) => sound.currentTime >= from && sound.currentTime < to);
  if (silence && !sound.paused) sound.currentTime = silence[1];
}

function follow() {
  if (sound.paused) return;
  pass();
  requestAnimationFrame(follow);
}

sound.addEventListener("play", follow);
// In a tab that nobody looks at there are no frames; this comes four times a second there too.
sound.addEventListener("timeupdate", pass);

// --- the clearer recording ---

function replace() {
  const codec = state.querySelector("#sound-form")?.dataset.codec;
  if (!codec || Number(codec) <= Number(sound.dataset.codec) || !sound.paused) return;
  // The thin form lacks the silences, so places in the two agree only as shares of the whole.
  const share = sound.ended ? 0 : sound.currentTime / (sound.duration || 1);
  sound.dataset.codec = codec;
  sound.src = sound.src.replace(/\?\d+$/, `?${codec}`);
  sound.addEventListener("loadedmetadata", () => (sound.currentTime = share * sound.duration), { once: true });
  draw().catch(() => {});
}

new MutationObserver(replace).observe(state, { childList: true, subtree: true });
sound.addEventListener("pause", replace);
sound.addEventListener("ended", replace);

// Without a drawing there is still everything to hear.
draw().catch(() => {});

// Before this line nobody would hear a press: only now are the buttons there to be pressed.
player.hidden = false;
