/** The list of chats, newest first, and the tabs of a phone. */

import { count, el, icon } from "./dom.js";
import { preview } from "./message.js";
import { personSwitch } from "./people.js";
import { chatAddress, current, listAddress, truthAddress } from "./route.js";
import { on } from "./signals.js";
import { isMuted, newest, state, unread } from "./state.js";
import { when } from "./times.js";
import { chatAvatar } from "./who.js";

const rows = el("div.rows");

/** Fill the list's landmark, once. */
export function buildList(screen) {
  const bar = el("div.bar", {}, el("h1.grow", { tabindex: "-1" }, "Sandbox"), personSwitch());
  screen.append(bar, rows, tabs("chats"));
  on("world message deleted read typing bot route", draw);
  // Until the other person's chats are here, these lead back to whom one was.
  on("person", ({ key }) => (rows.inert = key !== state.me));
  on("world", () => (rows.inert = false));
}

/** Chats and Truth, as the tabs of a phone. */
export function tabs(here) {
  const chats = el("a", { "aria-current": here === "chats" ? "page" : null }, icon("chat"), "Chats");
  const truth = el("a.to-truth", { "aria-current": here === "truth" ? "page" : null }, icon("pods"), "Truth");
  on("world route", () => {
    chats.href = listAddress(state.me);
    truth.href = truthAddress(state.me);
  });
  return el("div.tabs", { role: "navigation", "aria-label": "Screens" }, chats, truth);
}

function draw() {
  if (!state.me) return;
  const focused = document.activeElement?.dataset?.chat;
  const chats = [...state.chats.values()].sort((one, other) => age(other) - age(one));
  rows.replaceChildren(...chats.map(row));
  if (focused) rows.querySelector(`[data-chat="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  const all = chats.reduce((sum, chat) => sum + (isMuted(chat) ? 0 : unread(chat)), 0);
  document.title = `${all ? `(${all}) ` : ""}Pilothouse · sandbox`;
}

function age(chat) {
  const last = newest(chat);
  return last ? Date.parse(last.at) : 0;
}

function row(chat) {
  const last = newest(chat);
  const isHere = current().chat === chat.key;
  return el(
    "a.row",
    { href: chatAddress(state.me, chat.key), "data-chat": chat.key, "aria-current": isHere ? "true" : null },
    chatAvatar(chat, ".big"),
    el("b.cut", {}, chat.title),
    last ? el("time", { datetime: last.at }, when(last.at)) : el("span"),
    summary(chat, last),
    count(unread(chat), { quiet: isMuted(chat) }),
  );
}

function summary(chat, last) {
  if (state.typing.has(chat.id)) return el("p.cut.busy", {}, "typing…");
  if (!last) return el("p.cut", {}, chat.kind === "private" ? "Tap to begin" : "No messages yet");
  const author = chat.kind === "group" ? `${last.out ? "You" : last.from.name}:` : last.out ? "You:" : "";
  return el("p.cut", {}, author ? el("b", {}, author) : null, author ? " " : null, preview(last));
}
