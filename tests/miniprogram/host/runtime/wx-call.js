// The calling convention of `wx`: `success`, `fail` and `complete` callbacks, or a promise without them.

/**
 * Makes the function for one API. `work(options, ok, fail)` does it; `fail` takes a text and more fields.
 * With `task: true` the API answers what `work` answers (a RequestTask, a SocketTask) and never a promise.
 */
export function makeApi({ device, real }, name, work, { task = false } = {}) {
  return (options = {}) => {
    let settle;
    const promise = new real.Promise((resolve, reject) => {
      settle = { resolve, reject };
    });
    const wantsPromise = !task && !(options.success || options.fail || options.complete);
    let done = false;
    const finish = (good, result) =>
      device.deliver(() => {
        if (done) return;
        done = true;
        const answer = Object.assign(new real.Object(), result);
        (good ? options.success : options.fail)?.(answer);
        options.complete?.(answer);
        if (wantsPromise) (good ? settle.resolve : settle.reject)(answer);
      });
    const ok = (result) => finish(true, { ...result, errMsg: `${name}:ok` });
    const fail = (text, more) => finish(false, { ...more, errMsg: `${name}:fail ${text}` });
    let result;
    try {
      if (device.refused.has(name)) fail(device.refused.get(name));
      else result = work(options, ok, fail);
    } catch (error) {
      fail(error.message);
    }
    if (task) return result;
    return wantsPromise ? promise : undefined;
  };
}
