/**
 * What the page knows: the chats as the chosen person sees them, the truth, the switches, the connection.
 * Fed by stream.js with the server's events; tells the rest of the page through signals.js.
 */

import { emit, on } from "./signals.js";
import * as memory from "./memory.js";

const TYPING_MS = 5000;
const KEPT = 400; // messages of a chat; the oldest go

export const state = {
  me: null,
  bot: { id: 0, name: "Pilothouse", username: "" },
  botUp: true,
  people: [],
  chats: new Map(),
  typing: new Map(),
  environments: null,
  switches: null,
};

/** Take over what /api/world says. */
export function load(world) {
  memory.begin(world.run ?? "");
  Object.assign(state, { me: world.me, bot: world.bot, people: world.people, typing: new Map() });
  const shown = world.chats.map((chat) => ({ ...chat, messages: new Map(chat.messages.map((each) => [each.id, each])) }));
  state.chats = new Map(shown.map((chat) => [chat.id, chat]));
  for (const chat of shown) mendMarks(chat);
  emit("world");
}

/** Take one event of the stream. */
export function take(event) {
  if (event.type in takers) takers[event.type](event);
}

export function person(key = state.me) {
  return state.people.find((each) => each.key === key) ?? null;
}

export function chatCalled(key) {
  return [...state.chats.values()].find((chat) => chat.key === key) ?? null;
}

/** A chat's messages in order; of one topic unless `topic` is undefined. */
export function messagesOf(chat, topic) {
  const all = [...chat.messages.values()].sort((one, other) => one.id - other.id);
  return topic === undefined ? all : all.filter((each) => each.topic === topic);
}

export function newest(chat) {
  let found = null;
  for (const each of chat.messages.values()) if (!each.service && (!found || each.id > found.id)) found = each;
  return found;
}

export function isUnread(chat, message) {
  return !message.out && !message.service && message.id > readUpTo(chat, message.topic);
}

export function unread(chat, topic) {
  return messagesOf(chat, topic).filter((each) => isUnread(chat, each)).length;
}

/** Everything in these messages has been seen. */
export function markRead(chat, seen) {
  const marks = new Map();
  for (const each of seen) marks.set(each.topic, Math.max(each.id, marks.get(each.topic) ?? 0));
  let moved = false;
  for (const [topic, id] of marks) {
    if (id <= readUpTo(chat, topic)) continue;
    memory.keep("read", id, state.me, chat.key, topic ?? "general");
    moved = true;
  }
  if (moved) emit("read", { chat });
}

export function isMuted(chat) {
  return memory.recall("muted", state.me, chat.key) === true;
}

export function mute(chat, muted) {
  memory.keep("muted", muted || null, state.me, chat.key);
  emit("read", { chat });
}

function readUpTo(chat, topic) {
  return memory.recall("read", state.me, chat.key, topic ?? "general") ?? 0;
}

/** Marks beyond the newest message come from another run: there, nothing has been read. */
function mendMarks(chat) {
  const last = Math.max(0, ...chat.messages.keys());
  for (const topic of [null, ...chat.topics.map((each) => each.id)]) {
    if (readUpTo(chat, topic) > last) memory.keep("read", null, state.me, chat.key, topic ?? "general");
  }
}

const takers = {
  message({ message }) {
    const chat = state.chats.get(message.chat);
    const before = chat?.messages.get(message.id);
    if (!chat || (before && before.edits > message.edits)) return; // heard before the world was loaded
    const [oldest] = chat.messages.keys();
    if (!before && message.id < oldest) return; // an edit of what is no longer shown
    chat.messages.set(message.id, message);
    if (chat.messages.size > KEPT) takers.deleted({ chat: chat.id, id: oldest });
    if (message.from.kind === "bot" && !before) stopTyping(chat.id);
    emit("message", { chat, message, before: before ?? null });
  },
  deleted({ chat: id, id: gone }) {
    const chat = state.chats.get(id);
    if (chat?.messages.delete(gone)) emit("deleted", { chat, id: gone });
  },
  typing({ chat: id, topic }) {
    if (!state.chats.has(id)) return;
    clearTimeout(state.typing.get(id)?.timer);
    state.typing.set(id, { topic, timer: setTimeout(stopTyping, TYPING_MS, id) });
    emit("typing", { chat: state.chats.get(id) });
  },
  pinned({ chat: id, message }) {
    const chat = state.chats.get(id);
    if (!chat) return;
    chat.pinned = message;
    emit("pinned", { chat });
  },
  truth({ environments }) {
    state.environments = environments;
    emit("truth");
  },
  switches({ switches }) {
    state.switches = switches;
    emit("switches");
  },
  bot({ up }) {
    state.botUp = up;
    if (!up) [...state.typing.keys()].forEach(stopTyping);
    emit("bot");
  },
};

function stopTyping(id) {
  const typing = state.typing.get(id);
  if (!typing) return;
  clearTimeout(typing.timer);
  state.typing.delete(id);
  if (state.chats.has(id)) emit("typing", { chat: state.chats.get(id) });
}

on("message", ({ chat, message }) => {
  if (chat.pinned?.id === message.id) take({ type: "pinned", chat: chat.id, message });
});
