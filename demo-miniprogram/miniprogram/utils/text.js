/** Texts for people: times, errors, initials, previews. All pure. */

const DAY_MS = 24 * 60 * 60 * 1000;
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
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
  if (days === 1) return "Yesterday";
  if (days < 7) return WEEKDAYS[then.getDay()];
  const date = then.getMonth() + 1 + "/" + then.getDate();
  return then.getFullYear() === today.getFullYear() ? date : then.getFullYear() + "/" + date;
}

/** The same with the time of day added, for the lines between messages. */
function chatTime(timestamp, now) {
  const then = new Date(timestamp);
  const clock = two(then.getHours()) + ":" + two(then.getMinutes());
  const day = listTime(timestamp, now);
  return day === clock || day === "" ? clock : day + " " + clock;
}

/** What an error means and what can be done about it. */
function errorText(error) {
  const message = (error && (error.message || error.errMsg)) || String(error);
  const advice = error && error.remediation;
  return advice ? message + " " + advice : message;
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

/** What stands for a message without a text of its own, by its type. */
const LABELS = {
  image: "[Photo]",
  audio: "[Voice]",
  video: "[Video]",
  file: "[File]",
  location: "[Location]",
  forward: "[Chat history]",
  rtc: "[Call]",
};

/** A message in one line. */
function preview(message) {
  if (message === null || message.type === "command") return "";
  return message.type === "text" ? message.text.replace(/\s+/g, " ") : LABELS[message.type] || "[Message]";
}

module.exports = { listTime, chatTime, errorText, initial, colour, preview };
