// Records an answer and hands it to the desk, which shows how it will sound and what it takes before it goes.

import { fromFile, fromSamples, wavOf } from "./recording.js";

const root = document.getElementById("recorder");
const part = Object.fromEntries([...root.querySelectorAll("[data-recorder]")].map((each) => [each.dataset.recorder, each]));
const meter = root.querySelector("meter");
const details = document.getElementById("recording-file");
const form = details.querySelector("form");
const secondsMax = Number(root.dataset.secondsMax);

const show = (name, visible = true) => (part[name].hidden = !visible);
const troubles = ["refused", "unreadable", "failed"];

let stop = async () => {};

async function start() {
  for (const name of troubles) show(name, false);
  // Pressed twice while the browser still asks, it would open the microphone twice.
  part.start.disabled = true;
  let stream;
  let context;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    context = new AudioContext();
    await context.audioWorklet.addModule("/static/microphone-worklet.js");
  } catch {
    // Refused, none there, or a page that may not ask: a recording from elsewhere still does.
    part.start.disabled = false;
    for (const track of stream?.getTracks() ?? []) track.stop();
    show("refused");
    details.open = true;
    return;
  }
  const microphone = new AudioWorkletNode(context, "microphone", { numberOfOutputs: 0 });
  const blocks = [];
  let samples = 0;
  microphone.port.onmessage = ({ data }) => {
    blocks.push(data);
    samples += data.length;
    meter.value = Math.sqrt(data.reduce((sum, sample) => sum + sample * sample, 0) / data.length) * 3;
    const seconds = Math.floor(samples / context.sampleRate);
    part.clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (samples >= (secondsMax - 1) * context.sampleRate) stop();
  };
  context.createMediaStreamSource(stream).connect(microphone);
  stop = async () => {
    stop = async () => {};
    microphone.port.onmessage = null;
    for (const track of stream.getTracks()) track.stop();
    await context.close();
    recording(false);
    await give(() => fromSamples(blocks, context.sampleRate));
  };
  recording(true);
}

function recording(on) {
  part.start.disabled = on;
  show("start", !on);
  show("stop", on);
  show("clock", on);
  meter.parentElement.hidden = !on;
  (on ? part.stop : part.start).focus();
}

async function give(read) {
  for (const name of troubles) show(name, false);
  show("preparing");
  try {
    const body = new FormData(form);
    body.set("recording", wavOf(await read()), "answer.wav");
    await hand(body);
  } catch (reason) {
    show("preparing", false);
    if (reason instanceof DOMException) show("unreadable");
    else say(part.failed.dataset.lost);
  }
}

async function hand(body) {
  const answer = await fetch(root.dataset.action, { method: "POST", body });
  if (answer.redirected && answer.ok) {
    location.assign(answer.url);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  show("preparing", false);
  say(page.querySelector("main .trouble")?.textContent ?? part.failed.dataset.lost);
}

function say(sentence) {
  part.failed.textContent = sentence;
  show("failed");
}

part.start.addEventListener("click", start);
part.stop.addEventListener("click", () => stop());

const chosen = form.elements.recording;
chosen.accept = "audio/*";
form.addEventListener("submit", (event) => {
  event.preventDefault();
  give(() => fromFile(chosen.files[0]));
});

root.hidden = false;
