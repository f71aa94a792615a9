/** Texts for people: times, initials, previews. */
const { section, t } = require("./i18n");

const DAY_MS = 24 * 60 * 60 * 1000;
/** Characters of a line below a name. */
const LINE = 100;
const COLOURS = [
  "#5b8ff9",
  "#5ad8a6",
  "#f6903d",
  "#e8684a",
  "#9270ca",
  "#269a99",
  "#ff9d4d",
  "#6dc8ec",
  "#d3689c",
  "#7a8fb3",
];

const two = (n) => (n < 10 ? "0" + n : "" + n);

/** Whole days from the local day of `then` to that of `now`. */
function daysBetween(then, now) {
  const start = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
  return Math.round((start(now) - start(then)) / DAY_MS);
}

/** `09:30`, `Yesterday`, `Mon`, `3/14` or `2025/3/14`; empty for 0. Milliseconds in. */
function listTime(timestamp, now) {
  if (!timestamp) return "";
  const then = new Date(timestamp);
  const today = new Date(now);
  const days = daysBetween(then, today);
  if (days <= 0) return two(then.getHours()) + ":" + two(then.getMinutes());
  if (days === 1) return t("time.yesterday");
  if (days < 7) return section("time").weekdays[then.getDay()];
  const parts = { y: then.getFullYear(), m: then.getMonth() + 1, d: then.getDate() };
  return t(parts.y === today.getFullYear() ? "time.monthDay" : "time.date", parts);
}

/** The same with the time of day added, for the lines between messages. */
function chatTime(timestamp, now) {
  const then = new Date(timestamp);
  const clock = two(then.getHours()) + ":" + two(then.getMinutes());
  const day = listTime(timestamp, now);
  return day === clock || day === "" ? clock : day + " " + clock;
}

/** The first letter of a name, whole characters only. */
function initial(name) {
  const first = Array.from(name.trim())[0];
  return first ? first.toUpperCase() : "?";
}

/** A colour that stays the same for an id. */
function colour(id) {
  let sum = 0;
  for (let i = 0; i < id.length; i++) sum = (sum * 31 + id.charCodeAt(i)) % 65521;
  return COLOURS[sum % COLOURS.length];
}

/** The beginning of a text in one line: what is longer would not be seen, and costs on its way to the view. */
function oneLine(text) {
  // A character may be two units of the text: none is cut in half.
  const start = text.slice(0, 2 * LINE).replace(/[\ud800-\udbff]$/, "");
  const line = Array.from(start.replace(/\s+/g, " "));
  return line.length > LINE || start !== text ? line.slice(0, LINE).join("") + "…" : line.join("");
}

/** A message in one line; what has no text of its own is named by its type. */
function preview(message) {
  if (message === null || message.type === "command") return "";
  if (message.type === "text") return oneLine(message.text);
  return section("preview")[message.type] || t("preview.other");
}

module.exports = { listTime, chatTime, initial, colour, oneLine, preview };
