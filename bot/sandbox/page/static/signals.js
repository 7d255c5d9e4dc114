/** Who wants to know what: `on("message", told)` hears every `emit("message", detail)`. */

const listeners = new Map();

export function on(names, told) {
  for (const name of names.split(" ")) {
    if (!listeners.has(name)) listeners.set(name, []);
    listeners.get(name).push(told);
  }
}

export function emit(name, detail = {}) {
  for (const told of listeners.get(name) ?? []) told(detail);
}
