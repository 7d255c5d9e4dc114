/** The page's beginning: builds the three screens, then follows the address and the sandbox. */

import { buildChat, focusChat, showChat } from "./chat.js";
import { isWide } from "./dom.js";
import { buildList } from "./list.js";
import * as memory from "./memory.js";
import { chatAddress, current, listAddress, replace, truthAddress } from "./route.js";
import { emit, on } from "./signals.js";
import { chatCalled, state } from "./state.js";
import { follow } from "./stream.js";
import { buildTruth, leadBack } from "./truth.js";

const FIRST_PERSON = "dana";

const lostNode = document.getElementById("lost");
let drawnPerson = null;
let drawnScreen = null;

buildList(document.getElementById("chats"));
buildChat(document.getElementById("chat"));
buildTruth(document.getElementById("truth"));

on("world", () => draw(true));
on("person", ({ key }) => become(key));
on("connection", ({ up }) => {
  document.body.dataset.connection = up ? "up" : "lost";
  lostNode.textContent = up ? "" : "The sandbox does not answer. Trying again…";
});
addEventListener("hashchange", () => arrive());
matchMedia("(min-width: 900px)").addEventListener("change", () => state.me && draw(false));
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  focusChat();
});
arrive();

/** The address changed: another person needs another stream, another place only another drawing. */
function arrive() {
  const { person } = current();
  if (!person) return replace(listAddress(memory.lastPerson() ?? FIRST_PERSON));
  if (person !== drawnPerson) {
    drawnPerson = person;
    memory.keepPerson(person);
    return follow(person);
  }
  return state.me === person && draw(false);
}

/** Look as somebody else, at the same chat where they are in it. */
function become(key) {
  const { screen, chat } = current();
  if (screen === "truth") location.hash = truthAddress(key);
  else location.hash = screen === "chat" ? chatAddress(key, chat) : listAddress(key);
}

function draw(anew) {
  const route = current();
  const chat = chosen(route);
  if (route.screen === "chat" && !chat) return replace(listAddress(state.me));
  const screen = route.screen;
  const isOther = drawnScreen !== `${screen}/${route.chat}`;
  drawnScreen = `${screen}/${route.chat}`;
  document.body.dataset.screen = screen;
  leadBack(memory.recall("places", state.me));
  if (chat) {
    if (screen === "chat") memory.keep("places", chat.key, state.me);
    showChat(chat, route.chat ? route.topic : undefined, anew);
  }
  emit("route");
  if (isOther && !anew) focusScreen(screen);
  document.body.dataset.ready = "";
  return undefined;
}

/** The chat to show: the address's; on a wide page without one, the last or the first. */
function chosen({ chat }) {
  if (chat) return chatCalled(chat);
  if (!isWide()) return null;
  return chatCalled(memory.recall("places", state.me)) ?? [...state.chats.values()][0] ?? null;
}

function focusScreen(screen) {
  if (screen === "chat") focusChat();
  else document.querySelector(`#${screen} h1`).focus({ preventScroll: true });
}

