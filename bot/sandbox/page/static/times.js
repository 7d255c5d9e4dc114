/** Moments and sizes in words. */

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short" });
const day = new Intl.DateTimeFormat("en-GB", { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const DAY_MS = 86_400_000;

export function time(at) {
  return clock.format(new Date(at));
}

/** What stands on the pill above a day's messages. */
export function dayOf(at) {
  const days = daysAgo(at);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return day.format(new Date(at)).replace(",", "");
}

/** When, as short as the list of chats needs it. */
export function when(at) {
  const days = daysAgo(at);
  if (days === 0) return time(at);
  return days < 7 ? weekday.format(new Date(at)) : shortDay.format(new Date(at));
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const [number, unit] = bytes < 1_000_000 ? [bytes / 1000, "KB"] : [bytes / 1_000_000, "MB"];
  return `${number < 10 ? number.toFixed(1) : Math.round(number)} ${unit}`;
}

function daysAgo(at) {
  return Math.round((midnight(new Date()) - midnight(new Date(at))) / DAY_MS);
}

function midnight(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
