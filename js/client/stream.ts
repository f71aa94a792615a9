/** Events for `for await`. */

/**
 * An iterator over what comes from now on. `start` is called at once with what takes a value and what ends it all; the
 * function it gives back is called once, at the end. What has come by then is still given out.
 */
export function stream<T>(start: (push: (value: T) => void, end: () => void) => () => void): AsyncIterableIterator<T> {
  const values: T[] = [];
  const waiting: Array<(result: IteratorResult<T>) => void> = [];
  let over = false;
  const end = (): void => {
    if (over) return;
    over = true;
    stop();
    for (const give of waiting.splice(0)) give({ done: true, value: undefined });
  };
  const push = (value: T): void => {
    const give = waiting.shift();
    if (give) give({ done: false, value });
    else if (!over) values.push(value);
  };
  const stop = start(push, end);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next() {
      if (values.length > 0) return Promise.resolve({ done: false, value: values.shift() as T });
      if (over) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => waiting.push(resolve));
    },
    return() {
      values.length = 0;
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
