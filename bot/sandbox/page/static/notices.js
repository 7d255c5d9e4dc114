/** What is said beside the conversation: toasts for a moment, alerts until they are read. */

import { el } from "./dom.js";

const SHOWN_MS = 5000;

const toastNode = el("div.toast", { id: "toast", role: "status" });
document.body.append(toastNode);
let timer = null;

/** A short sentence at the bottom, for five seconds. */
export function toast(text) {
  clearTimeout(timer);
  toastNode.replaceChildren(text);
  timer = setTimeout(() => toastNode.replaceChildren(), SHOWN_MS);
}

/** A dialog with one button; the focus returns to where it was. */
export function alertBox(title, text) {
  const heading = el("h2", { id: "alert-title" }, title);
  const words = el("p", { id: "alert-text" }, text);
  const close = el("button", { type: "submit", autofocus: true }, "OK");
  const box = el(
    "dialog.alert",
    { id: "alert", role: "alertdialog", "aria-labelledby": "alert-title", "aria-describedby": "alert-text" },
    el("form", { method: "dialog" }, heading, words, close),
  );
  box.addEventListener("close", () => box.remove());
  document.body.append(box);
  box.showModal();
}

/** Put a text on the clipboard and say so. */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast("Copied");
  } catch {
    toast("This browser does not let the page copy.");
  }
}
