/** Inline keyboards: what each kind of button does, and a spinner on it until the bot has answered. */

import { Failure, press } from "./api.js";
import { el, icon } from "./dom.js";
import { alertBox, copied, toast } from "./notices.js";
import { state } from "./state.js";

const waiting = new Set();

/** The keyboard under a message; null where it has none. */
export function keyboard(message) {
  if (!message.buttons.length) return null;
  const rows = message.buttons.map((row, r) => el("div", {}, row.map((button, c) => key(message, button, r, c))));
  return el("div.keys", { role: "group", "aria-label": "Buttons" }, rows);
}

function key(message, button, row, column) {
  const classes = button.style ? `.${button.style}` : "";
  const label = el("span", {}, button.label);
  if (button.kind === "url" && !button.disabled) {
    return el(`a.key${classes}`, { href: button.url, target: "_blank", rel: "noopener noreferrer" }, label, icon("out"));
  }
  const node = el(`button.key${classes}`, { type: "button", disabled: button.disabled }, label);
  if (button.kind === "copy") {
    node.append(icon("copy"));
    node.addEventListener("click", () => copied(button.copy));
  } else if (button.kind === "callback") {
    const name = `${state.me}/${message.chat}/${message.id}/${button.label}`;
    node.setAttribute("aria-busy", `${waiting.has(name)}`);
    node.addEventListener("click", () => pressed(node, name, message, row, column));
  } else {
    node.addEventListener("click", () => toast("This opens in Telegram only."));
  }
  return node;
}

async function pressed(node, name, message, row, column) {
  if (waiting.has(name)) return;
  waiting.add(name);
  node.setAttribute("aria-busy", "true");
  try {
    const answer = await press(state.me, message, row, column);
    if (answer.url) window.open(answer.url, "_blank", "noopener");
    else if (answer.alert) alertBox(state.bot.name, answer.text);
    else if (answer.text) toast(answer.text);
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    toast(failure.message);
  } finally {
    waiting.delete(name);
    for (const each of document.querySelectorAll(`[data-message="${message.id}"] .key[aria-busy=true]`)) {
      if (each === node || each.textContent === node.textContent) each.setAttribute("aria-busy", "false");
    }
  }
}
