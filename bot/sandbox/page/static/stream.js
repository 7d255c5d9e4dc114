/**
 * The connection to the sandbox: one event stream as the chosen person. The world is loaded after the stream has
 * opened and what came meanwhile is taken after it, so nothing falls between the two.
 */

import { world } from "./api.js";
import { emit } from "./signals.js";
import { load, take } from "./state.js";

const AGAIN_MS = 1000;

let source = null;
let timer = null;

/** Follow the sandbox as `person`, no longer as anybody else. */
export function follow(person) {
  source?.close();
  clearTimeout(timer);
  const opened = new EventSource(`/api/events?as=${encodeURIComponent(person)}`);
  source = opened;
  let waiting = [];
  const reload = () => {
    waiting = waiting ?? [];
    world(person).then(
      (found) => {
        if (source !== opened) return;
        const missed = waiting ?? [];
        waiting = null;
        load(found);
        missed.forEach(take);
        emit("connection", { up: true });
      },
      () => source === opened && lost(person),
    );
  };
  opened.addEventListener("open", reload);
  opened.addEventListener("error", () => source === opened && lost(person));
  opened.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data);
    if (event.type === "reset") reload();
    else if (waiting) waiting.push(event);
    else take(event);
  });
}

function lost(person) {
  emit("connection", { up: false });
  source.close();
  source = null;
  timer = setTimeout(follow, AGAIN_MS, person);
}
