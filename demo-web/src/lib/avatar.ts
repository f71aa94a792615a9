/** How many colours `hue()` picks from; the style sheet has one class `hue-N` for each. */
export const HUES = 8;

/** A colour number that stays the same for an id. */
export function hue(id: string): number {
  // Ids of one kind share their low bits, so all digits take part.
  let hash = 7;
  for (const char of id) hash = (hash * 31 + char.charCodeAt(0)) % 65_521;
  return hash % HUES;
}

/** One or two letters that stand for a name: `AB` for "Amber Bee", one character for Chinese. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const first = [...(words[0] ?? "")][0] ?? "?";
  if (words.length < 2 || !/^\p{Script=Latin}/u.test(first)) return first.toUpperCase();
  const last = [...(words[words.length - 1] ?? "")][0] ?? "";
  return (first + last).toUpperCase();
}
