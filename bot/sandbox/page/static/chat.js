/** The screen of one chat: its bar, pinned message and topics, the feed and the composer. */

import { Composer } from "./composer.js";
import { count, el, icon, isWide } from "./dom.js";
import { Feed, findIn } from "./feed.js";
import { preview } from "./message.js";
import { personSwitch } from "./people.js";
import { chatAddress, listAddress, replace, truthAddress } from "./route.js";
import { on } from "./signals.js";
import { isMuted, state, take, unread } from "./state.js";
import { hasTrouble } from "./truth.js";
import { chatAvatar } from "./who.js";

const feed = new Feed();
const composer = new Composer();
const back = el("a.round.back");
const face = el("span", { "aria-hidden": "true" });
const title = el("h1", { tabindex: "-1" });
const subtitle = el("p");
const toTruth = el("a.round.to-truth");
const pinned = el("button.pinned", { type: "button", hidden: true });
const topics = el("nav.topics", { "aria-label": "Topics", hidden: true });

let shown = { chat: null, topic: undefined };

/** Fill the chat's landmark, once. */
export function buildChat(screen) {
  const bar = el("header.bar", {}, back, face, el("div.grow", {}, title, subtitle), personSwitch(), toTruth);
  screen.append(bar, pinned, topics, feed.stage, composer.element);
  pinned.addEventListener("click", () => findIn(feed, shown.chat.pinned.id));
  on("message", ({ chat, message, before }) => {
    if (isShown(chat)) feed.put(message, before);
    if (isShown(chat) && chat.messages.size === 1) composer.draw();
    drawCounts();
  });
  on("deleted", ({ chat, id }) => isShown(chat) && feed.remove(id));
  on("typing", ({ chat }) => isShown(chat) && drawBusy());
  on("pinned", ({ chat }) => isShown(chat) && drawPinned());
  on("bot", () => shown.chat && drawBusy());
  on("truth", drawTruthLink);
  on("read", ({ chat }) => {
    drawCounts();
    if (isShown(chat) && chat.kind === "channel") composer.draw();
  });
  on("grown", () => feed.settle());
  on("folded", () => feed.scrolled()); // what one opens grows downwards, also at the end
  on("said", ({ message }) => take({ type: "message", message }));
  on("answer", ({ message }) => composer.answer(message));
  on("command", ({ text }) => shown.chat.can_write && composer.send(text));
  on("find", ({ id }) => findIn(feed, id));
  on("everywhere", ({ id }) => {
    replace(chatAddress(state.me, shown.chat.key));
    findIn(feed, id);
  });
}

/** Show a chat, or one topic of it; `anew` draws it again though it is shown already. */
export function showChat(chat, topic, anew) {
  const isSame = shown.chat === chat && shown.topic === topic;
  shown = { chat, topic };
  const screen = feed.stage.parentElement;
  screen.setAttribute("aria-label", chat.title);
  face.replaceChildren(chatAvatar(chat, ".mid"));
  title.textContent = chat.title;
  drawPinned();
  composer.open(chat, topic);
  if (!isSame || anew) feed.show(chat, topic);
  drawCounts();
  drawBusy();
  drawTruthLink();
}

/** Where the focus goes when the screen opens: to the field where there is a keyboard, else to the title. */
export function focusChat() {
  if (isWide() && !composer.bar.hidden) composer.field.focus({ preventScroll: true });
  else title.focus({ preventScroll: true });
}

function isShown(chat) {
  return shown.chat?.id === chat.id;
}

function drawBusy() {
  const { chat, topic } = shown;
  const typing = state.typing.get(chat.id);
  const here = Boolean(typing) && (topic === undefined || typing.topic === topic);
  const isDown = chat.kind === "private" && !state.botUp;
  subtitle.textContent = here ? `${chat.kind === "group" ? `${state.bot.name} is ` : ""}typing…` : isDown ? "not running" : about(chat);
  subtitle.className = here ? "busy" : isDown ? "down" : "";
  feed.setTyping(here);
}

function about(chat) {
  if (chat.kind === "private") return "bot";
  const one = chat.kind === "group" ? "member" : "subscriber";
  return `${chat.members} ${one}${chat.members === 1 ? "" : "s"}`;
}

function drawPinned() {
  const message = shown.chat.pinned;
  pinned.hidden = !message;
  if (!message) return;
  pinned.replaceChildren(el("span", {}, el("b", {}, "Pinned message"), el("i.cut", {}, preview(message))), icon("pin"));
}

function drawCounts() {
  if (!shown.chat) return;
  const others = [...state.chats.values()].filter((each) => each !== shown.chat && !isMuted(each));
  const waiting = others.reduce((sum, each) => sum + unread(each), 0);
  back.href = listAddress(state.me);
  back.setAttribute("aria-label", waiting ? `Back to chats, ${waiting} unread` : "Back to chats");
  back.replaceChildren(icon("back"), ...(waiting ? [count(waiting)] : []));
  drawTopics();
}

function drawTopics() {
  const { chat, topic } = shown;
  topics.hidden = !chat.topics.length;
  if (topics.hidden) return;
  const focused = topics.contains(document.activeElement) ? document.activeElement.hash : null;
  const all = [...chat.topics, { id: null, name: "General" }];
  const chips = all.map(({ id, name }) => chip(name, id, topic === id, unread(chat, id)));
  const place = topics.scrollLeft;
  topics.replaceChildren(chip("All", undefined, topic === undefined, 0), ...chips);
  topics.scrollLeft = place;
  if (focused !== null) [...topics.children].find((each) => each.hash === focused)?.focus({ preventScroll: true });
}

function chip(name, id, isHere, waiting) {
  const link = el("a", { "aria-current": isHere ? "page" : null }, el("span", {}, name, count(waiting)));
  link.href = chatAddress(state.me, shown.chat.key, id);
  return link;
}

function drawTruthLink() {
  if (!state.me) return;
  const trouble = hasTrouble();
  toTruth.href = truthAddress(state.me);
  toTruth.setAttribute("aria-label", `Truth: pods and faults${trouble ? ", pods in trouble" : ""}`);
  toTruth.replaceChildren(icon("pods"), ...(trouble ? [el("span.dot")] : []));
}
