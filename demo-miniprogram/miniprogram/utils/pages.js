/** Reads lists that come page by page, without `for await`, which old engines lack. */

/** Calls `next()` for one page after the other; each answers `{ items, done }`. */
function createReader(pages) {
  const iterator = pages[Symbol.asyncIterator]();
  return {
    async next() {
      const step = await iterator.next();
      return { items: step.done ? [] : step.value, done: step.done === true };
    },
  };
}

/** All items, but not many more than `most`. */
async function readAll(pages, most) {
  const reader = createReader(pages);
  let all = [];
  for (;;) {
    const step = await reader.next();
    all = all.concat(step.items);
    if (step.done || all.length >= most) return all;
  }
}

module.exports = { createReader, readAll };
