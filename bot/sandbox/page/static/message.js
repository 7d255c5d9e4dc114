/** One message as a node: made once, then changed in place, so that a tap or a selection survives a live edit. */

import { el, icon } from "./dom.js";
import { keyboard } from "./keyboard.js";
import { emit } from "./signals.js";
import { blocks, setFold } from "./text.js";
import { size, time } from "./times.js";
import { isReadable, showDocument, showPhoto } from "./viewer.js";
import { avatar, hued } from "./who.js";

/**
 * A message's node. `inGroup` gives names and avatars to others, `run` says that it goes on after one of the same
 * sender, `answered` that the bot has written since.
 */
export function messageNode(message, { inGroup, run, answered }) {
  const id = { "data-message": message.id, tabindex: "-1" };
  if (message.service) return el("div.sys", id, el("span", {}, message.service));
  const node = el("article.msg", { ...id, "aria-label": `${message.out ? "You" : message.from.name}, ${time(message.at)}` });
  node.shape = { inGroup, run, answered };
  node.classList.toggle("me", message.out);
  node.classList.toggle("run", run);
  if (inGroup && !message.out) node.append(run ? el("span", {}) : avatar(message.from));
  fill(node, message);
  return node;
}

/** Show the newer state of a message. Screen readers are told of new messages, not of each second's edit. */
export function updateMessage(node, message) {
  if (message.service) return;
  node.setAttribute("aria-live", "off");
  const open = [...node.querySelectorAll(".fold")].map((fold) => fold.classList.contains("open"));
  fill(node, message);
  [...node.querySelectorAll(".fold")].forEach((fold, index) => open[index] && setFold(fold, true));
}

/** Put the second tick on it: the bot has read it. */
export function setAnswered(node) {
  if (!node.shape || node.shape.answered) return;
  node.shape.answered = true;
  node.querySelector(".ticks")?.replaceChildren(ticks(true));
}

/** The first words of a message, for lists, replies and the pinned bar. */
export function preview(message) {
  if (message.service) return message.service;
  const words = message.text.split("\n").find((line) => line.trim()) ?? "";
  return words || message.document?.name || (message.photo ? "Photo" : "");
}

function fill(node, message) {
  const content = JSON.stringify({ ...message, buttons: null });
  const keys = JSON.stringify(message.buttons);
  node.classList.toggle("wide", message.buttons.length > 0);
  node.classList.toggle("private", message.only_you === true);
  if (node.content !== content) {
    const made = bubble(message, node.shape);
    const old = node.querySelector(":scope > .bubble");
    const focused = focusPath(old);
    if (old) old.replaceWith(made);
    else node.append(made);
    refocus(made, focused);
    node.content = content;
  }
  if (node.keys !== keys) {
    const old = node.querySelector(":scope > .keys");
    const focused = focusPath(old);
    old?.remove();
    const made = keyboard(message);
    if (made) node.append(made);
    refocus(made ?? node, focused);
    node.keys = keys;
  }
}

function bubble(message, { inGroup, run, answered }) {
  const node = el("div.bubble");
  if (inGroup && !message.out && !run) node.append(nameOf(message.from));
  if (message.only_you) node.append(el("div.only", {}, icon("eye", { small: true }), "Only you see this"));
  if (message.forwarded_from) node.append(el("div.from", {}, `Forwarded from ${message.forwarded_from}`));
  if (message.reply) node.append(replyQuote(message.reply));
  if (message.photo) node.append(photo(message.photo));
  if (message.document) node.append(doc(message.document));
  node.append(...blocks(message.text, message.entities));
  const last = node.lastElementChild;
  (last?.tagName === "P" ? last : node).append(meta(message, answered));
  if (message.reaction) node.append(el("span.reaction", { role: "img", "aria-label": `Reaction ${message.reaction}` }, message.reaction));
  node.append(replyButton(message));
  return node;
}

function nameOf(sender) {
  return hued(el("b.name", {}, sender.name, sender.badge ? el("small", {}, sender.badge) : null), sender);
}

function replyQuote(reply) {
  const quote = el("button.reply", { type: "button", onclick: () => emit("find", { id: reply.id }) });
  quote.append(el("b.cut", {}, reply.name), el("i.cut", {}, reply.text.split("\n")[0] || "Message"));
  return hued(quote, reply);
}

function photo(file) {
  const image = el("img", { src: file.href, alt: "", onload: () => emit("grown") });
  return el("button.photo", { type: "button", "aria-label": "Photo, show it large", onclick: () => showPhoto(file) }, image);
}

function doc(file) {
  const ending = /\.([a-z0-9]{1,6})$/i.exec(file.name)?.[1];
  const words = el("span", {}, el("b", {}, file.name), el("small", {}, [size(file.size), ending].filter(Boolean).join(" · ")));
  const inner = [el("span", {}, icon("file")), words];
  if (isReadable(file)) return el("button.doc", { type: "button", onclick: () => showDocument(file) }, inner);
  return el("a.doc", { href: file.href, download: file.name }, inner);
}

function meta(message, answered) {
  const line = el("span.meta");
  if (message.from.kind === "bot") {
    const ring = message.silent ? icon("hush", { small: true, label: "silent" }) : icon("bell", { small: true, label: "with sound", also: "rang" });
    line.append(ring);
  }
  if (message.edited) line.append("edited ");
  line.append(el("time", { datetime: message.at }, time(message.at)));
  if (message.out) line.append(el("span.ticks", {}, ticks(answered)));
  return line;
}

function ticks(answered) {
  return icon(answered ? "read" : "tick", { small: true, label: answered ? "read" : "sent" });
}

function replyButton(message) {
  const label = `Reply to ${message.out ? "yourself" : message.from.name}`;
  return el("button.round.act", { type: "button", "aria-label": label, onclick: () => emit("answer", { message }) }, icon("reply"));
}

/** Which of the things that take focus in `node` has it; -1 for none. */
function focusPath(node) {
  return node ? focusable(node).indexOf(document.activeElement) : -1;
}

function refocus(node, index) {
  if (index >= 0) (focusable(node)[index] ?? node.closest(".msg") ?? node).focus({ preventScroll: true });
}

function focusable(node) {
  return [...node.querySelectorAll("button, a[href], [tabindex]")];
}
