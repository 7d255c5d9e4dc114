/**
 * Where the page is, kept in the address so that a reload and the browser's Back work:
 * #/PERSON (the list), #/PERSON/CHAT, #/PERSON/CHAT/TOPIC (an id or "general"), #/PERSON/truth.
 */

const TRUTH = "truth";
const GENERAL = "general";

/** Read the address. `topic` is undefined for all of them, null for General. */
export function current() {
  const [person = null, place = null, topic] = location.hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(decoded);
  if (place === null || place === TRUTH) return { person, screen: place ?? "chats", chat: null, topic: undefined };
  return { person, screen: "chat", chat: place, topic: topic === undefined ? undefined : topicOf(topic) };
}

export function listAddress(person) {
  return address(person);
}

export function truthAddress(person) {
  return address(person, TRUTH);
}

export function chatAddress(person, chat, topic) {
  return topic === undefined ? address(person, chat) : address(person, chat, topic === null ? GENERAL : `${topic}`);
}

/** Go there without a step back to here. */
export function replace(to) {
  history.replaceState(null, "", to);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function address(...parts) {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function topicOf(word) {
  return word === GENERAL ? null : Number(word);
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
