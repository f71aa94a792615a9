/** Completing `@na` to a member's name, and whom a text calls on in the end. */

export interface Person {
  /** A user's id, or `all`. */
  readonly id: string;
  readonly name: string;
}

export const EVERYBODY: Person = { id: "all", name: "all" };

/** The most names offered at a time. */
const MOST = 6;

/** What is typed of a name at the caret: where its `@` stands and what follows. Null where no name is being typed. */
export function nameAt(text: string, caret: number): { readonly from: number; readonly start: string } | null {
  const found = /(?:^|[\s(（])@([^\s@]{0,40})$/u.exec(text.slice(0, caret));
  const start = found?.[1];
  return start === undefined ? null : { from: caret - start.length - 1, start };
}

/** Whom the start of a name may mean. */
export function matching(people: readonly Person[], start: string): Person[] {
  const wanted = start.toLowerCase();
  const fits = ({ name }: Person) =>
    name
      .toLowerCase()
      .split(/\s+/)
      .some((word) => word.startsWith(wanted));
  return people.filter((person) => fits(person) || person.name.toLowerCase().startsWith(wanted)).slice(0, MOST);
}

/** Of those that were picked, whom the text still names. */
export function calledOn(picked: readonly Person[], text: string): string[] | "all" | null {
  const named = picked.filter(({ name }) => text.includes(`@${name}`)).map(({ id }) => id);
  if (named.includes(EVERYBODY.id)) return "all";
  return named.length > 0 ? [...new Set(named)] : null;
}
