/** Photos and documents at full size, over everything else. Escape and Back-like buttons close it. */

import { Failure, fileText } from "./api.js";
import { el, icon } from "./dom.js";
import { toast } from "./notices.js";
import { size } from "./times.js";

const TEXTS = /^(text\/|application\/(json|yaml|x-yaml|xml|x-sh))/;
const TEXT_NAMES = /\.(txt|log|diff|patch|md|ya?ml|json|csv|sh|toml|ini|conf|py)$/i;

/** Whether a document can be read here; another is saved. */
export function isReadable({ mime, name }) {
  return TEXTS.test(mime) || TEXT_NAMES.test(name);
}

export function showPhoto(photo) {
  const frame = el("div.picture", {});
  const image = el("img", { src: photo.href, alt: "", onclick: () => frame.classList.toggle("full") });
  frame.append(image);
  open({ ...photo, name: "Photo" }, frame, photo.name);
}

export async function showDocument(file) {
  try {
    const text = await fileText(file.href);
    open(file, el("pre.paper", { tabindex: "0" }, text));
  } catch (failure) {
    if (!(failure instanceof Failure)) throw failure;
    toast(failure.message);
  }
}

function open(file, content, savedAs = file.name) {
  const title = el("div.grow", {}, el("h2.cut", {}, file.name), el("p", {}, size(file.size)));
  const save = el("a.round", { href: file.href, download: savedAs, "aria-label": `Save ${file.name}` }, icon("save"));
  const close = el("button.round", { type: "button", autofocus: true, "aria-label": "Close", onclick: () => box.close() }, icon("close"));
  const box = el("dialog.viewer", { "aria-label": file.name }, el("div.bar", {}, title, save, close), content);
  box.addEventListener("close", () => box.remove());
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
}
