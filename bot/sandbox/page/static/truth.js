/** The truth behind the chat: every environment's pods as they are now, and switches that break things. */

import { Failure, turn } from "./api.js";
import { el, icon } from "./dom.js";
import { tabs } from "./list.js";
import { toast } from "./notices.js";
import { chatAddress } from "./route.js";
import { on } from "./signals.js";
import { chatCalled, state } from "./state.js";

const back = el("a.round.back", { hidden: true });
const environments = el("div");
const faults = el("ul.faults");
const drawn = new Map();

/** Fill the panel's landmark, once. */
export function buildTruth(screen) {
  const words = el("div.grow", {}, el("h1", { tabindex: "-1" }, "Truth"), el("p", {}, "What the cluster says, live"));
  const inner = el("div.in", { tabindex: "0", role: "region", "aria-label": "Pods and faults" });
  inner.append(environments, el("h2", {}, "Faults"), faults);
  screen.append(el("div.bar", {}, back, words), inner, tabs("truth"));
  on("truth", drawEnvironments);
  on("switches", drawSwitches);
}

/** On a phone one comes here from a chat and goes back to it. */
export function leadBack(key) {
  const chat = key && chatCalled(key);
  back.hidden = !chat;
  if (!chat) return;
  back.href = chatAddress(state.me, key);
  back.setAttribute("aria-label", `Back to ${chat.title}`);
  back.replaceChildren(icon("back"));
}

export function hasTrouble() {
  return (state.environments ?? []).some((each) => each.error || each.pods.some((pod) => pod.phase === "bad"));
}

/** Only what changed is drawn again: the rest keeps its place and selection. */
function drawEnvironments() {
  const names = new Set(state.environments.map((each) => each.name));
  for (const [name, section] of drawn) {
    if (names.has(name)) continue;
    section.remove();
    drawn.delete(name);
  }
  for (const environment of state.environments) {
    const section = drawn.get(environment.name) ?? el("section", {});
    const content = JSON.stringify(environment);
    if (section.content === content) continue;
    section.content = content;
    section.replaceChildren(heading(environment), pods(environment));
    if (!section.isConnected) environments.append(section);
    drawn.set(environment.name, section);
  }
}

function heading({ name, namespaces }) {
  return el("h2", {}, name, " ", el("small.cut", {}, namespaces.join(", ")));
}

function pods({ error, pods: found }) {
  if (error) return el("ul.pods", {}, el("li.none.trouble", {}, error));
  if (!found.length) return el("ul.pods", {}, el("li.none", {}, "No pods"));
  return el("ul.pods", {}, found.map(({ name, phase, words }) => el(`li.${phase}`, { "data-pod": name }, el("code", {}, name), el("small", {}, words))));
}

function drawSwitches() {
  for (const each of state.switches) {
    const known = faults.querySelector(`[data-switch="${CSS.escape(each.name)}"]`);
    if (known) known.checked = each.on;
    else faults.append(fault(each));
  }
}

function fault({ name, title, note, on: isOn }) {
  const input = el("input", { type: "checkbox", role: "switch", "data-switch": name, "aria-label": title, "aria-description": note });
  input.checked = isOn;
  input.addEventListener("change", () => turned(input, name));
  return el("li", {}, el("label", {}, el("span", {}, el("b", {}, title), el("small", {}, note)), input));
}

async function turned(input, name) {
  const wanted = input.checked;
  input.setAttribute("aria-busy", "true");
  try {
    await turn(name, wanted);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    input.checked = !wanted;
    toast(failure.message);
  } finally {
    input.removeAttribute("aria-busy");
  }
}
