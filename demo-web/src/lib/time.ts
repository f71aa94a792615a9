/** How points in time are written. All take and give local time; `now` is passed in so that views refresh with it. */

import { computed } from "vue";
import { language, t } from "../i18n/index.js";

/** The forms in one language. */
function formats(locale: string) {
  const form = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
  return {
    weekday: form({ weekday: "long" }),
    shortWeekday: form({ weekday: "short" }),
    monthDay: form({ month: "short", day: "numeric" }),
    fullDate: form({ year: "numeric", month: "short", day: "numeric" }),
    exact: form({ dateStyle: "full", timeStyle: "medium" }),
  };
}
const forms = computed(() => formats(language.value === "zh" ? "zh-CN" : "en"));

/** Whether a day has 12 or 24 hours is up to the reader's system, not to the language. */
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });

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
  return forms.value.exact.format(time);
}

/** A short form for the conversation list: `now`, `14:05`, `Yesterday`, `Mon`, `Nov 3`. */
export function listTime(time: number, now: number): string {
  if (time === 0) return "";
  const days = daysAgo(time, now);
  if (days <= 0) return Math.abs(now - time) < 60_000 ? t("time.now") : clock.format(time);
  if (days === 1) return t("time.yesterday");
  if (days < 7) return forms.value.shortWeekday.format(time);
  return sameYear(time, now) ? forms.value.monthDay.format(time) : forms.value.fullDate.format(time);
}

/** The text of a day separator in a chat. */
export function dayLabel(time: number, now: number): string {
  const days = daysAgo(time, now);
  if (days === 0) return t("time.today");
  if (days === 1) return t("time.yesterday");
  if (days > 1 && days < 7) return forms.value.weekday.format(time);
  return sameYear(time, now) ? forms.value.monthDay.format(time) : forms.value.fullDate.format(time);
}

/** True when both are on the same calendar day. */
export function sameDay(a: number, b: number): boolean {
  return daysAgo(a, b) === 0;
}
