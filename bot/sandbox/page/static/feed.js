/**
 * The conversation: messages of one chat (or one of its topics), the days between them, what is unread.
 *
 * Holds the reader's place: at the bottom it follows, anywhere else what is being read stays where it is,
 * whatever is added, edited or deleted above or below.
 */

import { count, el, icon, isTouched } from "./dom.js";
import { messageNode, setAnswered, updateMessage } from "./message.js";
import { toast } from "./notices.js";
import { emit } from "./signals.js";
import { isUnread, markRead, messagesOf, state, unread } from "./state.js";
import { measureFolds } from "./text.js";
import { dayOf } from "./times.js";

const RUN_MS = 5 * 60_000;
const NEAR_PX = 48;

export class Feed {
  constructor() {
    this.list = el("div.feed", { role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": "Messages", tabindex: "0" });
    this.jump = el("button.jump", { type: "button", hidden: true, onclick: () => this.toBottom(true) });
    this.stage = el("div.stage", {}, this.list, this.jump);
    this.chat = null;
    this.stuck = true;
    this.waiting = null;
    this.list.addEventListener("scroll", () => this.scrolled(), { passive: true });
    this.list.addEventListener("keydown", (event) => this.walk(event));
    this.list.addEventListener("click", (event) => this.pick(event));
    new ResizeObserver(() => this.settle()).observe(this.list);
    addEventListener("visibilitychange", () => this.look());
  }

  /** Draw a chat from scratch, at its first unread message or at its end. */
  show(chat, topic) {
    Object.assign(this, { chat, topic });
    this.list.classList.toggle("group", chat.kind === "group");
    const shown = this.messages();
    const first = shown.find((each) => isUnread(chat, each));
    this.list.replaceChildren();
    let before = null;
    for (const each of shown) {
      this.append(each, before, each === first && before !== null);
      before = each;
    }
    this.finish();
    measureFolds(this.list);
    this.toBottom();
    const strip = this.list.querySelector(".unread");
    if (strip) this.list.scrollTop = Math.min(this.list.scrollTop, strip.offsetTop - NEAR_PX);
    this.scrolled();
  }

  /** A new message, or a newer state of one. */
  put(message, before) {
    if (!this.holds(message)) return;
    const node = this.node(message.id);
    this.steady(() => {
      if (node) updateMessage(node, message);
      else if (!before) this.add(message);
      measureFolds(this.list);
    });
    if (message.from.kind === "bot") this.list.querySelectorAll(".msg.me").forEach(setAnswered);
  }

  remove(id) {
    const node = this.node(id);
    if (!node) return;
    if (node.contains(document.activeElement)) this.list.focus({ preventScroll: true });
    this.steady(() => {
      node.remove();
      this.list.querySelectorAll(".day").forEach((day) => (day.nextElementSibling?.dataset.message ? null : day.remove()));
      this.finish();
    });
  }

  /** Show or hide the three dots. */
  setTyping(typing) {
    const dots = this.list.querySelector(".dots");
    if (Boolean(dots) === typing) return;
    this.steady(() => {
      if (!typing) return dots.remove();
      const bubble = el("div.bubble", {}, el("span.typing", {}, el("i"), el("i"), el("i")));
      return this.list.append(el("div.msg.dots", { "aria-hidden": "true" }, this.chat.kind === "group" ? el("span") : null, bubble));
    });
  }

  /** Bring a message into sight and point at it. False where it is not among those shown. */
  find(id) {
    const node = this.node(id);
    if (!node) return false;
    node.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
    node.classList.remove("found");
    requestAnimationFrame(() => node.classList.add("found"));
    return true;
  }

  toBottom(smoothly = false) {
    this.list.scrollTo({ top: this.list.scrollHeight, behavior: smoothly ? "smooth" : "instant" });
    this.stuck = true;
  }

  /** Something has another height now, or the feed has come into sight. */
  settle() {
    measureFolds(this.list);
    if (this.stuck) this.toBottom();
    this.look();
  }

  // Drawing

  messages() {
    return messagesOf(this.chat, this.topic);
  }

  holds(message) {
    return this.chat?.id === message.chat && (this.topic === undefined || this.topic === message.topic);
  }

  node(id) {
    return this.list.querySelector(`[data-message="${id}"]`);
  }

  add(message) {
    const shown = this.messages();
    const index = shown.findIndex((each) => each.id === message.id);
    if (index < shown.length - 1) return this.show(this.chat, this.topic); // came late: draw in order
    const isFirstUnread = !this.stuck && isUnread(this.chat, message) && !this.list.querySelector(".unread");
    if (message.out) this.list.querySelector(".unread")?.remove();
    this.list.querySelector(".nothing")?.remove();
    this.append(message, shown[index - 1] ?? null, isFirstUnread);
    const dots = this.list.querySelector(".dots");
    if (dots) this.list.append(dots);
    return message.out && this.toBottom();
  }

  append(message, before, isFirstUnread) {
    const isNewDay = !before || dayOf(before.at) !== dayOf(message.at);
    if (isNewDay) this.list.append(el("div.sys.day", {}, el("span", {}, dayOf(message.at))));
    if (isFirstUnread) this.list.append(el("div.unread", { role: "separator" }, "Unread messages"));
    const run = !isNewDay && !isFirstUnread && goesOn(before, message);
    const answered = message.out && botWroteAfter(this.chat, message);
    this.list.append(messageNode(message, { inGroup: this.chat.kind === "group", run, answered }));
  }

  finish() {
    const empty = !this.list.querySelector("[data-message]");
    if (empty) this.list.append(el("p.nothing", {}, nothingYet(this.chat)));
  }

  // The reader's place

  /** Change the list; what is being read stays where it is. */
  steady(change) {
    const wasStuck = this.stuck;
    const anchor = wasStuck ? null : this.topmost();
    const top = anchor?.getBoundingClientRect().top;
    change();
    if (wasStuck) this.toBottom();
    else if (anchor?.isConnected) this.list.scrollTop += anchor.getBoundingClientRect().top - top;
    this.look();
  }

  topmost() {
    const edge = this.list.getBoundingClientRect().top;
    return [...this.list.children].find((node) => node.getBoundingClientRect().bottom > edge) ?? null;
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.list;
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this.jump.hidden = this.stuck;
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.look();
    });
  }

  /** What is in sight has been read; the button down counts the rest. */
  look() {
    if (!this.chat) return;
    const edge = this.list.getBoundingClientRect().bottom;
    if (document.visibilityState === "visible" && this.list.clientHeight > 0) {
      const nodes = [...this.list.querySelectorAll("[data-message]")];
      const last = nodes.findLast((node) => node.getBoundingClientRect().top < edge - NEAR_PX / 2);
      const id = Number(last?.dataset.message ?? 0);
      markRead(this.chat, this.messages().filter((each) => each.id <= id));
    }
    const left = unread(this.chat, this.topic);
    this.jump.hidden = this.stuck;
    this.jump.setAttribute("aria-label", left ? `To the newest message, ${left} unread` : "To the newest message");
    this.jump.replaceChildren(icon("down"), ...(left ? [count(left)] : []));
  }

  // Keyboard and touch

  /** Arrow keys walk from message to message; Tab goes into the one with the focus. */
  walk(event) {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!step || !(event.target === this.list || event.target.matches("[data-message]"))) return;
    const nodes = [...this.list.querySelectorAll("[data-message]")];
    const at = nodes.indexOf(event.target);
    const to = at < 0 ? nodes.at(-1) : nodes[at + step];
    if (!to) return;
    event.preventDefault();
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }

  /** On a touch screen a tap on a bubble offers to reply to it. */
  pick(event) {
    const node = event.target.closest(".msg");
    const onBubble = event.target.closest(".bubble") && !event.target.closest("a, button");
    this.list.querySelectorAll(".picked").forEach((each) => each !== node && each.classList.remove("picked"));
    if (node && onBubble && isTouched()) node.classList.toggle("picked");
  }
}

/** Look for a message, in all topics if need be; say so where it is gone. */
export function findIn(feed, id) {
  if (feed.find(id)) return;
  if (feed.topic !== undefined && feed.chat.messages.has(id)) emit("everywhere", { id });
  else toast("That message is no longer here.");
}

/** One more of the same sender. What has a keyboard stands by itself: its name says whose buttons they are. */
function goesOn(before, message) {
  const near = Date.parse(message.at) - Date.parse(before.at) < RUN_MS;
  return near && !message.buttons.length && !before.service && !message.service && before.from.id === message.from.id && before.topic === message.topic;
}

function botWroteAfter(chat, message) {
  return [...chat.messages.values()].some((each) => each.from.kind === "bot" && each.id > message.id);
}

function nothingYet(chat) {
  if (chat.kind === "private") return `This is your own chat with ${state.bot.name}. Nobody else sees it.`;
  if (chat.kind === "channel") return "Nothing has been published here yet.";
  return "Nobody has written here yet.";
}
