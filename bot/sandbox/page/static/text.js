/**
 * A message's text and entities as nodes. Entities nest; pre and quotes are blocks, the rest are marks in lines.
 * Offsets count UTF-16 units, as JavaScript's strings do.
 */

import { el, icon } from "./dom.js";
import { emit } from "./signals.js";
import { copied } from "./notices.js";

const BLOCKS = new Set(["pre", "blockquote", "expandable_blockquote"]);
const PLAIN_TAGS = { bold: "b", italic: "i", underline: "u", strikethrough: "s", code: "code" };
const SAFE_LINK = /^(https?|mailto|tg|tel):/i;

/** The blocks of a text in order: paragraphs, quotes and code. */
export function blocks(text, entities) {
  const roots = nested(entities);
  const found = [];
  let line = [];
  let at = 0;
  const endLine = (nextIsBlock) => {
    const nodes = trimmed(line, found.length > 0, nextIsBlock);
    if (nodes.length) found.push(el("p", {}, nodes));
    line = [];
  };
  for (const root of roots) {
    line.push(text.slice(at, root.offset));
    if (BLOCKS.has(root.type)) {
      endLine(true);
      found.push(block(text, root));
    } else {
      line.push(inline(text, root));
    }
    at = root.offset + root.length;
  }
  line.push(text.slice(at));
  endLine(false);
  return found;
}

/** Quotes of more than three lines get their handle; known only once they are on the page. */
export function measureFolds(node) {
  for (const fold of node.querySelectorAll(".fold:not(.long)")) {
    const lines = fold.querySelector(".lines");
    const long = lines.scrollHeight > lines.clientHeight + 2;
    fold.classList.toggle("long", long);
    fold.querySelector("button").hidden = !long;
  }
}

/** Entities as trees: each lies within its parent. */
function nested(entities) {
  const sorted = [...entities].sort((one, other) => one.offset - other.offset || other.length - one.length);
  const roots = [];
  const open = [];
  for (const entity of sorted) {
    const node = { ...entity, children: [] };
    while (open.length && open.at(-1).offset + open.at(-1).length <= node.offset) open.pop();
    (open.length ? open.at(-1).children : roots).push(node);
    open.push(node);
  }
  return roots;
}

/** A block ends its line by itself: the line break beside it would stand there twice. */
function trimmed(parts, afterBlock, beforeBlock) {
  const nodes = parts.filter((part) => part !== "");
  if (afterBlock && typeof nodes[0] === "string") nodes[0] = nodes[0].replace(/^\n/, "");
  if (beforeBlock && typeof nodes.at(-1) === "string") nodes[nodes.length - 1] = nodes.at(-1).replace(/\n$/, "");
  return nodes.filter((part) => part !== "");
}

function inside(text, entity) {
  const nodes = [];
  let at = entity.offset;
  for (const child of entity.children) {
    nodes.push(text.slice(at, child.offset), inline(text, child));
    at = child.offset + child.length;
  }
  nodes.push(text.slice(at, entity.offset + entity.length));
  return nodes.filter((part) => part !== "");
}

function block(text, entity) {
  if (entity.type === "pre") return code(text.slice(entity.offset, entity.offset + entity.length), entity.language);
  if (entity.type === "blockquote") return el("blockquote.quote", {}, inside(text, entity));
  return fold(inside(text, entity));
}

function code(content, language) {
  const copy = () => copied(content);
  const body = el("code", {}, content.replace(/\n$/, ""));
  if (!language) {
    return el("pre", {}, body, el("button.copy", { type: "button", "aria-label": "Copy", onclick: copy }, icon("copy", { small: true })));
  }
  const button = el("button", { type: "button", onclick: copy }, icon("copy", { small: true }), "Copy");
  return el("pre", {}, el("span.head", {}, language, button), body);
}

function fold(content) {
  const handle = el("button", { type: "button", "aria-expanded": "false", "aria-label": "Show the whole quote" }, icon("down"));
  const quote = el("blockquote.fold", {}, el("div.lines", {}, content), handle);
  quote.addEventListener("click", (event) => {
    const elsewhere = event.target.closest("a, button") ?? handle;
    if (elsewhere !== handle || !quote.classList.contains("long") || !getSelection().isCollapsed) return;
    setFold(quote, !quote.classList.contains("open"));
    emit("folded");
  });
  return quote;
}

/** Open or close an expandable quote. */
export function setFold(quote, open) {
  quote.classList.toggle("open", open);
  if (open) quote.classList.add("long"); // what is open cannot be measured, and was long before
  const handle = quote.querySelector("button");
  handle.setAttribute("aria-expanded", `${open}`);
  handle.setAttribute("aria-label", open ? "Fold the quote" : "Show the whole quote");
}

function inline(text, entity) {
  const content = inside(text, entity);
  const words = text.slice(entity.offset, entity.offset + entity.length);
  switch (entity.type) {
    case "bot_command":
      return el("button.cmd", { type: "button", onclick: () => emit("command", { text: words }) }, content);
    case "url":
      return link(/^[a-z]+:/i.test(words) ? words : `https://${words}`, content);
    case "text_link":
      return link(entity.url ?? "", content);
    case "email":
      return link(`mailto:${words}`, content);
    case "mention":
    case "text_mention":
    case "hashtag":
    case "cashtag":
      return el("span.mention", {}, content);
    case "spoiler":
      return spoiler(content);
    default:
      return entity.type in PLAIN_TAGS ? el(PLAIN_TAGS[entity.type], {}, content) : el("span", {}, content);
  }
}

function link(href, content) {
  if (!SAFE_LINK.test(href)) return el("span", {}, content);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, content);
}

function spoiler(content) {
  const node = el("span.spoiler", { role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": "Hidden text: show" }, content);
  const show = () => {
    node.setAttribute("aria-expanded", "true");
    node.removeAttribute("aria-label");
  };
  node.addEventListener("click", show);
  node.addEventListener("keydown", (event) => event.key === "Enter" && show());
  return node;
}
