/** What has changed in the rows of a list, so that only that crosses over to the view. */

const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

/**
 * Changes for `setData` that make the list `name` from `before` to `after`: single rows where rows were replaced or
 * added at the end, else the whole list.
 */
function listChanges(name, before, after) {
  const kept = before.length <= after.length && before.every((row, index) => row.key === after[index].key);
  if (!kept || before.length === 0) return { [name]: after };
  const changes = {};
  after.forEach((row, index) => {
    if (index >= before.length || !same(before[index], row)) changes[name + "[" + index + "]"] = row;
  });
  return changes;
}

module.exports = { listChanges };
