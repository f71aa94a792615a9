/** How points in time are written. All take and give local time; `now` is passed in so that views refresh with it. */

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat("en", { weekday: "long" });
const shortWeekday = new Intl.DateTimeFormat("en", { weekday: "short" });
const monthDay = new Intl.DateTimeFormat("en", { month: "short", day: "numeric" });
const fullDate = new Intl.DateTimeFormat("en", { year: "numeric", month: "short", day: "numeric" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "full", timeStyle: "medium" });

/** Whole calendar days from `time` to `now`; negative for the future. */
function daysAgo(time: number, now: number): number {
  const midnight = (at: number) => new Date(at).setHours(0, 0, 0, 0);
  // Rounded, because a day with a change of the clock is not 24 hours long.
  return Math.round((midnight(now) - midnight(time)) / 86_400_000);
}

const sameYear = (a: number, b: number) => new Date(a).getFullYear() === new Date(b).getFullYear();

/** Hours and minutes, as under a message. */
export function clockTime(time: number): string {
  return clock.format(time);
}

/** Everything down to the second, for tooltips. */
export function exactTime(time: number): string {
  return exact.format(time);
}

/** A short form for the conversation list: `now`, `14:05`, `Yesterday`, `Mon`, `Nov 3`. */
export function listTime(time: number, now: number): string {
  if (time === 0) return "";
  const days = daysAgo(time, now);
  if (days <= 0) return Math.abs(now - time) < 60_000 ? "now" : clock.format(time);
  if (days === 1) return "Yesterday";
  if (days < 7) return shortWeekday.format(time);
  return sameYear(time, now) ? monthDay.format(time) : fullDate.format(time);
}

/** The text of a day separator in a chat. */
export function dayLabel(time: number, now: number): string {
  const days = daysAgo(time, now);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  if (days > 1 && days < 7) return weekday.format(time);
  return sameYear(time, now) ? monthDay.format(time) : fullDate.format(time);
}

/** True when both are on the same calendar day. */
export function sameDay(a: number, b: number): boolean {
  return daysAgo(a, b) === 0;
}
