/** Building nodes. Texts only ever become text nodes: nothing here, or anywhere on the page, parses markup. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. `what` is a tag with classes ("button.key.primary"), attributes are set by name (true = empty,
 * false, null and undefined = absent), `on…` are listeners, children are nodes, texts, or nothing.
 */
export function el(what, attributes = {}, ...children) {
  const [tag, ...classes] = what.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** One of the drawings in index.html. With a label it speaks for itself, without one it is decoration. */
export function icon(name, { small = false, label = null, also = "" } = {}) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("class", ["i", small ? "i-s" : "", also].filter(Boolean).join(" "));
  if (label) {
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", label);
  } else {
    drawing.setAttribute("aria-hidden", "true");
  }
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  drawing.append(use);
  return drawing;
}

/** The number of unread messages in a small pill; null where there are none. */
export function count(number, { quiet = false } = {}) {
  if (!number) return null;
  const words = `${number} unread${quiet ? ", muted" : ""}`;
  return el(quiet ? "span.count.quiet" : "span.count", { role: "img", "aria-label": words }, number > 99 ? "99+" : `${number}`);
}

/** Whether the page has room for three panes. */
export function isWide() {
  return matchMedia("(min-width: 900px)").matches;
}

/** Whether one taps with a finger: nothing can be hovered over. */
export function isTouched() {
  return matchMedia("(hover: none)").matches;
}
