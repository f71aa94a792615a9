/** What the modules over the HTTP API share: names, options and pages. */
import { badArgument } from "../errors.js";
import type { PageOptions, Pages } from "./cloud-types.js";
import { userId } from "./ids.js";
import type { CallOptions, IdInput, UserId } from "./types.js";

/** Calls an endpoint; the answer as the core gives it. */
export type RawApi = <T>(endpoint: string, params?: object, options?: CallOptions) => Promise<T>;

/** The names of objects in camel case, at any depth. */
export function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== "object" || value === null) return value;
  const fields = Object.entries(value).map(([name, it]) => [
    name.replace(/(?!^)_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    camel(it),
  ]);
  return Object.fromEntries(fields);
}

/** The names of an object's own fields as the cloud writes them. */
export const snake = (fields: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, it]) => [name.replace(/[A-Z]/g, (it) => `_${it.toLowerCase()}`), it]),
  );

/** Fields of `options` that go to the cloud: all but those that say how to call. */
export function fieldsOf(options: object | undefined): Record<string, unknown> {
  const { signal: _s, timeout: _t, ...fields } = (options ?? {}) as Record<string, unknown>;
  return snake(fields);
}

/** Several users' ids; throws `ArgumentInvalid` naming the one that is none. */
export function userIds(users: readonly IdInput[], field = "users"): UserId[] {
  if (!Array.isArray(users)) throw badArgument(field, "an array of ids");
  return users.map((it, index) => userId(it, `${field}[${index}]`));
}

/** The HTTP API, with answers whose names are in camel case. */
export class Api {
  /** `me` gives the logged-in user, or throws `UserNotLogin`. */
  constructor(
    private readonly raw: RawApi,
    readonly me: () => UserId,
  ) {}

  async get<T>(endpoint: string, params?: object, options?: CallOptions): Promise<T> {
    return camel(await this.raw(endpoint, params, options)) as T;
  }

  /** For answers that say nothing. */
  async do(endpoint: string, params?: object, options?: CallOptions): Promise<void> {
    await this.raw(endpoint, params, options);
  }

  /** A list, a request a page. Ends also where the server's cursor does not move. */
  async *pages<T>(endpoint: string, params: object, options: PageOptions | undefined): Pages<T> {
    const limit = options?.pageSize;
    if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= 500)) {
      throw badArgument("options.pageSize", "a whole number from 1 to 500");
    }
    let cursor: string | null = null;
    for (;;) {
      const page: { items: T[]; cursor: string | null } = await this.get(
        endpoint,
        { ...params, cursor, limit },
        options,
      );
      if (page.items.length > 0) yield page.items;
      if (page.cursor === null || page.cursor === cursor) return;
      cursor = page.cursor;
    }
  }

  /** One list out of several requests, each for at most `size` of the items. */
  async batches<I, T>(
    items: readonly I[],
    size: number,
    ask: (some: readonly I[]) => Promise<readonly T[]>,
  ): Promise<T[]> {
    const all: T[] = [];
    for (let at = 0; at < items.length; at += size) all.push(...(await ask(items.slice(at, at + size))));
    return all;
  }
}
