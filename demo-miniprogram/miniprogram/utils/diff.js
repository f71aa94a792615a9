/**
 * Lists for the view, of which only what has changed crosses over: `name` holds each row at a place where it stays, and
 * `nameOrder` the places in the order in which they are shown. So a row that moves, or comes in before others, costs itself.
 */

/** Characters of one call of `setData`: at three bytes each they are within the 256 KB that WeChat advises. */
const MOST = 80 * 1024;

/** Whether two rows show the same. Only what is no text, number or the like has to be looked into. */
function same(a, b) {
  const fields = Object.keys(b);
  return (
    fields.length === Object.keys(a).length &&
    fields.every((field) => a[field] === b[field] || (typeof b[field] === "object" && equal(a[field], b[field])))
  );
}

const equal = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/** Changes that make the list `name` in `data`, that of a page or component, show `rows`, each with a `key` of its own. */
function listChanges(name, data, rows) {
  const before = data[name];
  const shown = data[name + "Order"];
  const places = new Map(before.map((row, place) => [row.key, place]));
  const changes = {};
  let free = before.length;
  const order = rows.map((row) => {
    const known = places.get(row.key);
    const place = known === undefined ? free++ : known;
    if (known === undefined || !same(before[place], row)) changes[name + "[" + place + "]"] = row;
    return place;
  });
  if (shown.length <= order.length && shown.every((place, index) => place === order[index])) {
    for (let index = shown.length; index < order.length; index++) changes[name + "Order[" + index + "]"] = order[index];
  } else changes[name + "Order"] = order;
  return changes;
}

/** Hands changes over, in several calls if they are large; `done` is called when the view shows them all. */
function sendChanges(component, changes, done) {
  let part = {};
  let size = 0;
  for (const path of Object.keys(changes)) {
    const length = path.length + JSON.stringify(changes[path]).length;
    if (size > 0 && size + length > MOST) {
      component.setData(part);
      part = {};
      size = 0;
    }
    part[path] = changes[path];
    size += length;
  }
  if (size > 0) component.setData(part, done);
}

module.exports = { listChanges, sendChanges };
