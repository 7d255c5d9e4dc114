/** Requests to the page's server. Refusals and broken connections become a Failure with words for people. */

export class Failure extends Error {}

export function world(person) {
  return ask(`/api/world?as=${encodeURIComponent(person)}`);
}

export function commands(person, chat) {
  return ask(`/api/menu?as=${encodeURIComponent(person)}&chat=${chat}`);
}

export function say(person, chat, topic, text, replyTo) {
  return tell("/api/say", { as: person, chat, topic, text, reply_to: replyTo });
}

export function press(person, message, row, column) {
  return tell("/api/press", { as: person, chat: message.chat, message: message.id, row, column });
}

export function turn(name, on) {
  return tell("/api/switch", { name, on });
}

/** The text of a file that somebody sent. */
export async function fileText(href) {
  return (await fetched(href)).text();
}

async function ask(path) {
  return (await fetched(path)).json();
}

async function tell(path, body) {
  const request = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  return (await fetched(path, request)).json();
}

async function fetched(path, request) {
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Failure("The sandbox does not answer.");
  }
  if (response.ok) return response;
  const answer = await response.json().catch(() => ({}));
  throw new Failure(answer.error ?? `The sandbox answered ${response.status}.`);
}
