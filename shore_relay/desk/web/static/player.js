// Buttons and keys for the sound: space plays and pauses, the arrows move five seconds.

const STEP_S = 5;
const sound = document.getElementById("sound");

// Whoever pauses at once interrupts the start; that is a wish and no fault.
const start = () => sound.play().catch((reason) => {
  if (reason.name !== "AbortError") throw reason;
});

const actions = {
  play: () => (sound.paused ? start() : sound.pause()),
  back: () => (sound.currentTime = Math.max(0, sound.currentTime - STEP_S)),
  forward: () => (sound.currentTime = Math.min(sound.duration || 0, sound.currentTime + STEP_S)),
};

for (const control of document.querySelectorAll("[data-player]")) {
  const action = actions[control.dataset.player];
  if (action) control.addEventListener("click", action);
  else control.addEventListener("change", () => (sound.playbackRate = Number(control.value)));
}

const keys = { " ": actions.play, ArrowLeft: actions.back, ArrowRight: actions.forward };

document.addEventListener("keydown", (event) => {
  // Whoever types, chooses or presses a button means that control, and the browser's own player has its keys.
  if (event.target.closest("input, textarea, select, button, a, audio") || event.ctrlKey || event.altKey || event.metaKey) return;
  const action = keys[event.key];
  if (action) {
    event.preventDefault();
    action();
  }
});

// Before this line nobody would hear a press: only now are the buttons there to be pressed.
document.getElementById("player").hidden = false;
