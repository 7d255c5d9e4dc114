/** The switch between people: a button that says who one is, and a menu to become somebody else. */

import { el, icon } from "./dom.js";
import { emit, on } from "./signals.js";
import { person, state } from "./state.js";
import { avatar } from "./who.js";

/** A switch for a bar; it follows the state by itself. */
export function personSwitch() {
  const button = el("button", { type: "button", "aria-haspopup": "menu", "aria-expanded": "false" });
  const menu = el("div", { role: "menu", "aria-label": "Look as", hidden: true });
  const root = el("div.who", {}, button, menu);
  const set = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", `${open}`);
  };
  button.addEventListener("click", () => {
    set(menu.hidden);
    if (!menu.hidden) menu.querySelector("[aria-checked=true]")?.focus();
  });
  menu.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays, so the menu stays open
  menu.addEventListener("keydown", (event) => move(event, menu));
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    set(false);
    button.focus();
  });
  root.addEventListener("focusout", (event) => !root.contains(event.relatedTarget) && set(false));
  menu.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-person]");
    if (!chosen) return;
    set(false);
    button.focus();
    emit("person", { key: chosen.dataset.person });
  });
  on("world", () => draw(button, menu));
  if (state.me) draw(button, menu);
  return root;
}

function draw(button, menu) {
  const me = person();
  button.setAttribute("aria-label", `You are ${me.name}. Change person`);
  button.replaceChildren(avatar(me, ".tiny"), el("span.label", {}, me.name), icon("down", { small: true }));
  menu.replaceChildren(el("p", { "aria-hidden": "true" }, "Look at the chats as"), ...state.people.map(choice));
}

function choice(each) {
  const words = el("span", {}, el("b", {}, each.name), el("small", {}, each.role || "a stranger"));
  const attributes = {
    type: "button",
    role: "menuitemradio",
    tabindex: "-1",
    "aria-checked": `${each.key === state.me}`,
    "data-person": each.key,
  };
  return el("button", attributes, avatar(each), words, icon("tick"));
}

function move(event, menu) {
  const items = [...menu.querySelectorAll("[role=menuitemradio]")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items.at(to % items.length)?.focus();
}
