/**
 * What this browser remembers between reloads: who looked last, what each person has read, muted and begun to write.
 * Kept per start of the sandbox, whose message ids begin again.
 */

const NAME = "pilothouse-sandbox";
const EMPTY = { run: "", person: null, places: {}, read: {}, muted: {}, drafts: {}, topics: {} };

let kept = load();

/** Forget what belongs to another start of the sandbox. */
export function begin(run) {
  if (kept.run === run) return;
  kept = { ...structuredClone(EMPTY), run, person: kept.person, places: kept.places };
  save();
}

export function recall(kind, ...path) {
  return kept[kind]?.[path.join("/")] ?? null;
}

/** Remember a value, or forget it when it is null or "". */
export function keep(kind, value, ...path) {
  const name = path.join("/");
  if ((kept[kind][name] ?? null) === value) return;
  if (value === null || value === "") delete kept[kind][name];
  else kept[kind][name] = value;
  save();
}

export function lastPerson() {
  return kept.person;
}

export function keepPerson(person) {
  kept.person = person;
  save();
}

function load() {
  try {
    return { ...structuredClone(EMPTY), ...JSON.parse(localStorage.getItem(NAME) ?? "{}") };
  } catch {
    return structuredClone(EMPTY); // storage is forbidden, or holds something else
  }
}

function save() {
  try {
    localStorage.setItem(NAME, JSON.stringify(kept));
  } catch {
    // a browser without storage forgets at the next reload: nothing else is lost
  }
}
