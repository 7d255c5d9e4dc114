/** How people, the bot and chats are told apart: a hue and a letter each. */

import { el, icon } from "./dom.js";
import { state } from "./state.js";

const HUES = { dana: 230, lee: 145, kim: 300, ana: 55, noor: 10, vic: 55, eve: 10 };
const OTHERS = [260, 120, 330, 30, 190, 80];
const BOT = 215;
const GROUP = 145;
const CHANNEL = 185;

/** Give a node the hue of a sender (`from` of a message, or a reply's name and key). */
export function hued(node, { key = null, kind = "person", id = 0, name = "" }) {
  node.classList.add("hued");
  node.style.setProperty("--h", hueOf(key, kind, id, name));
  return node;
}

export function avatar(sender, size = "") {
  const picture = isBot(sender) ? icon("wheel") : initial(sender.name);
  return hued(el(`span.av${size}`, { "aria-hidden": "true" }, picture), sender);
}

export function chatAvatar(chat, size) {
  if (chat.kind === "private") return avatar({ kind: "bot", name: chat.title, id: state.bot.id }, size);
  const node = el(`span.av.hued${size}`, { "aria-hidden": "true" }, initial(chat.title));
  node.style.setProperty("--h", chat.kind === "channel" ? CHANNEL : GROUP);
  return node;
}

function hueOf(key, kind, id, name) {
  if (isBot({ kind, id, key, name })) return BOT;
  if (kind === "chat") return CHANNEL;
  return HUES[key] ?? OTHERS[Math.abs(id) % OTHERS.length];
}

function isBot({ kind, id, key, name }) {
  return kind === "bot" || (id !== 0 && id === state.bot.id) || (!key && name === state.bot.name);
}

function initial(name) {
  return [...(name.trim() || "?")][0].toUpperCase();
}
