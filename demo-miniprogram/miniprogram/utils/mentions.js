/** Finds whom a text calls on. Pure. */

/** Whether the name stands in the text behind an `@`, and is not only the beginning of a longer one. */
function calls(text, name) {
  const wanted = "@" + name.toLowerCase();
  const lower = text.toLowerCase();
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + 1)) {
    if (!/[0-9a-z_-]/.test(lower.charAt(at + wanted.length))) return true;
  }
  return false;
}

/** `"all"`, or the ids of the users whose names are called. */
function mentionsIn(text, users) {
  if (calls(text, "all")) return "all";
  const named = users.filter((user) => [user.displayName, user.username].some((name) => name && calls(text, name)));
  return Array.from(new Set(named.map((user) => user.id)));
}

module.exports = { mentionsIn };
