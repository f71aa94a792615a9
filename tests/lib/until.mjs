// Waiting for a condition, with a limit; never for a time.
import { setTimeout as pause } from "node:timers/promises";

/**
 * How long a condition may take, in milliseconds, unless a test says otherwise: a client that lost its connection may wait
 * half of it before the next attempt, as long as it has not been online for a minute.
 */
export const LIMIT = 60_000;
const STEP = 50;

/**
 * Resolves to the first truthy answer of `probe`, which is asked every `step` milliseconds. Rejects when `limit` milliseconds have gone by, with
 * `what` was waited for and the last answer. A probe that throws ends the wait, unless `forgive(error)`.
 */
export async function until(what, probe, { limit = LIMIT, step = STEP, forgive = () => false } = {}) {
  const end = performance.now() + limit;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      if (!forgive(error)) throw error;
      last = error.message;
    }
    if (performance.now() > end) {
      throw new Error(`waited ${limit / 1000} s for ${what}; last answer: ${JSON.stringify(last)?.slice(0, 2000)}`);
    }
    await pause(step);
  }
}
