/** Below the conversation: the field one writes in, or what stands in its place (Start, Mute). */

import { Failure, say } from "./api.js";
import { Suggestions } from "./commands.js";
import { el, icon, isTouched } from "./dom.js";
import * as memory from "./memory.js";
import { preview } from "./message.js";
import { toast } from "./notices.js";
import { emit } from "./signals.js";
import { isMuted, mute, state } from "./state.js";
import { hued } from "./who.js";

const GENERAL = "General";

export class Composer {
  constructor() {
    this.field = el("textarea", {
      id: "field",
      rows: "1",
      enterkeyhint: "send",
      autocomplete: "off",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-haspopup": "listbox",
      "aria-controls": "hints",
      "aria-expanded": "false",
    });
    this.suggestions = new Suggestions(this.field, { send: (text) => this.send(text), insert: (text) => this.insert(text) });
    this.answering = el("div.answering", { hidden: true });
    this.menuButton = el("button", { type: "button", id: "commands" });
    this.sendButton = el("button.round.send", { type: "button", id: "send", "aria-label": "Send" }, icon("send"));
    this.bar = el("div.composer", {}, this.menuButton, this.field, this.sendButton);
    this.instead = el("button", { type: "button", hidden: true });
    this.element = el("footer.foot", {}, this.suggestions.list, this.answering, this.bar, this.instead);
    this.busy = false;
    this.listen();
  }

  listen() {
    this.field.addEventListener("input", () => {
      memory.keep("drafts", this.field.value, state.me, this.chat.key);
      this.grow();
      this.suggestions.type();
    });
    this.field.addEventListener("keydown", (event) => this.key(event));
    this.field.addEventListener("blur", () => this.suggestions.close());
    this.sendButton.addEventListener("click", () => this.sendField());
    this.menuButton.addEventListener("pointerdown", (event) => event.preventDefault());
    this.menuButton.addEventListener("click", () => {
      if (!isTouched()) this.field.focus({ preventScroll: true }); // there it would bring up the keyboard
      this.suggestions.toggle();
    });
    addEventListener("pointerdown", ({ target }) => this.element.contains(target) || this.suggestions.close());
    this.instead.addEventListener("click", () => {
      if (this.chat.kind === "channel") mute(this.chat, !isMuted(this.chat));
      else this.send("/start");
    });
  }

  /** Write in this chat from now on; `topic` undefined means where one wrote last. */
  open(chat, topic) {
    const isOther = this.chat?.id !== chat.id || this.person !== state.me;
    Object.assign(this, { chat, topic, person: state.me });
    this.suggestions.chat = chat;
    if (isOther) {
      this.answer(null);
      this.suggestions.close();
      this.field.value = memory.recall("drafts", state.me, chat.key) ?? "";
      this.grow();
    }
    this.draw();
  }

  /** What one can do here may have changed: the first message, mute, the topic. */
  draw() {
    const { chat } = this;
    const begins = chat.kind === "private" && chat.messages.size === 0;
    const writes = chat.can_write && !begins;
    this.bar.hidden = !writes;
    this.instead.hidden = writes || !(begins || chat.kind === "channel");
    this.instead.className = begins ? "begin" : "mute";
    this.instead.textContent = begins ? "Start" : isMuted(chat) ? "Unmute" : "Mute";
    const words = chat.topics.length ? `Message in ${topicName(chat, this.target())}` : "Message";
    this.field.placeholder = words;
    this.field.setAttribute("aria-label", words);
    const isPrivate = chat.kind === "private";
    this.menuButton.className = isPrivate ? "menu" : "round";
    this.menuButton.setAttribute("aria-label", isPrivate ? "Menu: commands" : "Commands");
    this.menuButton.replaceChildren(icon("slash"), ...(isPrivate ? ["Menu"] : []));
  }

  /** Answer a message with what is written next; null for none. */
  answer(message) {
    this.repliesTo = message;
    this.answering.hidden = message === null;
    if (!message) return;
    const words = el("span", {}, el("b.cut", {}, `Reply to ${message.out ? "yourself" : message.from.name}`), el("i.cut", {}, preview(message)));
    const close = el("button.round", { type: "button", "aria-label": "Do not reply" }, icon("close"));
    close.addEventListener("click", () => {
      this.answer(null);
      this.field.focus();
    });
    this.answering.replaceChildren(hued(words, message.from), close);
    if (this.chat) this.draw();
    this.field.focus();
  }

  key(event) {
    if (this.suggestions.key(event)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.sendField();
    } else if (event.key === "Escape" && this.repliesTo) {
      this.answer(null);
      this.draw();
    }
  }

  insert(text) {
    this.field.value = `${text} `;
    memory.keep("drafts", this.field.value, state.me, this.chat.key);
    this.field.focus();
  }

  async sendField() {
    const text = this.field.value.trim();
    if (text && (await this.send(text))) this.field.focus({ preventScroll: true });
  }

  /** Say something; true when it was said. */
  async send(text) {
    if (this.busy) return false;
    this.busy = true;
    const { chat } = this;
    const topic = this.target();
    try {
      const { message } = await say(state.me, chat.id, topic, text, this.repliesTo?.id ?? null);
      if (chat.topics.length) memory.keep("topics", topic ?? GENERAL, state.me, chat.key);
      emit("said", { message });
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      toast(failure.message);
      return false;
    } finally {
      this.busy = false;
    }
    if (this.chat !== chat) return true;
    this.field.value = "";
    memory.keep("drafts", "", state.me, chat.key);
    this.answer(null);
    this.suggestions.close();
    this.grow();
    this.draw();
    return true;
  }

  /** The topic one writes in: that of the message one answers, the one shown, or the one written in last. */
  target() {
    if (!this.chat.topics.length) return null;
    if (this.repliesTo) return this.repliesTo.topic;
    if (this.topic !== undefined) return this.topic;
    const last = memory.recall("topics", state.me, this.chat.key);
    if (last === GENERAL) return null;
    return this.chat.topics.some((each) => each.id === last) ? last : this.chat.topics[0].id;
  }

  /** Browsers that do not size a field by its content are helped. */
  grow() {
    if (CSS.supports("field-sizing", "content")) return;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight + 2}px`;
  }
}

function topicName(chat, id) {
  return chat.topics.find((each) => each.id === id)?.name ?? GENERAL;
}
