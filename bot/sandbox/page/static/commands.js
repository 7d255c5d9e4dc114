/** The bot's commands above the message field: all of them from the menu button, fewer as one types "/". */

import { Failure, commands } from "./api.js";
import { el } from "./dom.js";
import { toast } from "./notices.js";
import { state } from "./state.js";

export class Suggestions {
  /** `send` and `insert` are given the whole command, as "/status". */
  constructor(field, { send, insert }) {
    Object.assign(this, { field, send, insert, known: [], shown: [], at: 0, asked: 0 });
    this.list = el("ul.suggest", { role: "listbox", id: "hints", "aria-label": "Commands", hidden: true });
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.choose(this.send, Number(option.dataset.at));
    });
  }

  get isOpen() {
    return !this.list.hidden;
  }

  /** Follow what stands in the field. */
  async type() {
    const typed = /^\/\S*$/.exec(this.field.value)?.[0];
    if (typed === undefined) return this.close();
    await this.fetch();
    return this.field.value === typed && this.show(typed.slice(1).toLowerCase());
  }

  /** Show all, or none where they are shown already. */
  async toggle() {
    if (this.isOpen) return this.close();
    await this.fetch();
    if (!this.known.length) return toast(`${state.bot.name} has no commands for you here.`);
    return this.show("");
  }

  close() {
    this.list.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
    this.field.setAttribute("aria-expanded", "false");
  }

  /** A key pressed in the field; true when it was meant for the list. */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    const last = this.shown.length - 1;
    switch (event.key) {
      case "ArrowDown":
        this.select(this.at === last ? 0 : this.at + 1);
        return true;
      case "ArrowUp":
        this.select(this.at === 0 ? last : this.at - 1);
        return true;
      case "Tab":
        if (event.shiftKey) return false;
        this.choose(this.insert, this.at);
        return true;
      case "Enter":
        if (event.shiftKey) return false;
        this.choose(this.send, this.at);
        return true;
      case "Escape":
        this.close();
        return true;
      default:
        return false;
    }
  }

  /** What this person may say in this chat, asked again for each chat, while there is nothing, and each minute. */
  async fetch() {
    const place = `${state.me}/${this.chat.id}`;
    if (this.place === place && this.known.length && Date.now() - this.asked < 60_000) return;
    try {
      this.known = await commands(state.me, this.chat.id);
      Object.assign(this, { place, asked: Date.now() });
    } catch (failure) {
      if (!(failure instanceof Failure)) throw failure;
      this.known = [];
    }
  }

  show(start) {
    const named = this.known.filter(({ command }) => command.startsWith(start));
    this.shown = named.length ? named : this.known.filter(({ command }) => command.includes(start));
    if (!this.shown.length) return this.close();
    this.list.replaceChildren(...this.shown.map((each, index) => option(each, index, start)));
    this.list.hidden = false;
    this.list.scrollTop = 0;
    this.field.setAttribute("aria-expanded", "true");
    return this.select(0);
  }

  select(at) {
    this.at = at;
    for (const each of this.list.children) each.setAttribute("aria-selected", `${Number(each.dataset.at) === at}`);
    this.field.setAttribute("aria-activedescendant", `hint-${at}`);
    this.list.children[at].scrollIntoView({ block: "nearest" });
  }

  choose(act, at) {
    const chosen = this.shown[at];
    this.close();
    act(`/${chosen.command}`);
  }
}

function option({ command, description }, index, start) {
  const name = command.startsWith(start)
    ? [el("mark", {}, `/${start}`), command.slice(start.length)]
    : [el("mark", {}, "/"), command];
  return el(
    "li",
    { role: "option", id: `hint-${index}`, "data-at": index, "aria-selected": "false" },
    el("b", {}, name),
    el("span.cut", {}, description),
  );
}
