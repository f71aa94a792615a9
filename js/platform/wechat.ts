/** WeChat mini-programs as a platform: the core's host over `wx`. */
import type { Environment, Log } from "../client/client.js";
import type { Host, Method } from "../engine.js";
import { badArgument, failure, textOf } from "../errors.js";
import { DEFAULT_PATH, load } from "../load/wechat.js";
import { LogStore, quotaExceeded, type TextStorage } from "./log-store.js";
import { wechatFiles } from "./wechat-files.js";

/** What a failed call of `wx` tells. */
interface WxFailure {
  errMsg?: string;
}

interface WxCallbacks<T> {
  success?(result: T): void;
  fail?(failure: WxFailure): void;
}

/** A socket of `wx.connectSocket`. */
export interface WxSocketTask {
  send(options: { data: ArrayBuffer } & WxCallbacks<unknown>): void;
  close(options: { code?: number; reason?: string } & WxCallbacks<unknown>): void;
  onOpen(listener: () => void): void;
  onMessage(listener: (event: { data: ArrayBuffer | string }) => void): void;
  onError(listener: (failure: WxFailure) => void): void;
  onClose(listener: (event: { code?: number; reason?: string }) => void): void;
}

/** A transfer of `wx.uploadFile` or `wx.downloadFile`. */
export interface WxTransferTask<P> {
  onProgressUpdate(listener: (progress: P) => void): void;
  abort(): void;
}

/** The part of `wx` that is used. Another platform with the same functions may be handed in instead. */
export interface WxPlatform {
  connectSocket(options: { url: string } & WxCallbacks<unknown>): WxSocketTask;
  request(
    options: {
      url: string;
      method: Method;
      header: Record<string, string>;
      data?: string | ArrayBuffer;
      dataType: string;
      responseType: "text";
    } & WxCallbacks<{ statusCode: number; data: unknown }>,
  ): unknown;
  uploadFile?(
    options: {
      url: string;
      filePath: string;
      name: string;
      header: Record<string, string>;
      formData: Record<string, string>;
    } & WxCallbacks<{ statusCode: number; data: unknown }>,
  ): WxTransferTask<{ totalBytesSent: number; totalBytesExpectedToSend: number }>;
  downloadFile?(
    options: { url: string; header: Record<string, string> } & WxCallbacks<{
      statusCode: number;
      tempFilePath: string;
    }>,
  ): WxTransferTask<{ totalBytesWritten: number; totalBytesExpectedToWrite: number }>;
  getFileSystemManager?(): {
    readFile(options: { filePath: string } & WxCallbacks<{ data: string | ArrayBuffer }>): void;
  };
  getRandomValues(options: { length: number } & WxCallbacks<{ randomValues: ArrayBuffer }>): void;
  getStorage(options: { key: string } & WxCallbacks<{ data: unknown }>): void;
  setStorage(options: { key: string; data: string } & WxCallbacks<unknown>): void;
  removeStorage(options: { key: string } & WxCallbacks<unknown>): void;
  onAppShow(listener: () => void): void;
  offAppShow(listener: () => void): void;
  onAppHide(listener: () => void): void;
  offAppHide(listener: () => void): void;
  onNetworkStatusChange(listener: (status: { isConnected: boolean }) => void): void;
  /** From base library 2.9.3 on. */
  offNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void;
}

const POOL = 4096;

const failed = (what: string, why: WxFailure | undefined): Error => new Error(why?.errMsg ?? `${what} failed`);

/** Random bytes at once, out of a pool that `wx.getRandomValues` fills in the background. */
class RandomPool {
  private bytes = new Uint8Array(0);
  private filling: Promise<void> | undefined;

  constructor(
    private readonly wx: WxPlatform,
    private readonly log: Log,
  ) {}

  /** Brings the pool back to its full size. */
  fill(): Promise<void> {
    if (this.filling) return this.filling;
    const filling = new Promise<void>((resolve, reject) => {
      this.wx.getRandomValues({
        length: POOL - this.bytes.length,
        success: ({ randomValues }) => {
          const fresh = new Uint8Array(randomValues);
          const all = new Uint8Array(this.bytes.length + fresh.length);
          all.set(this.bytes);
          all.set(fresh, this.bytes.length);
          this.bytes = all;
          resolve();
        },
        fail: (why) => reject(failed("getRandomValues", why)),
      });
    });
    this.filling = filling;
    const done = (): void => {
      this.filling = undefined;
    };
    filling.then(done, done);
    return filling;
  }

  take(count: number): Uint8Array {
    if (count > this.bytes.length) {
      this.refill();
      throw new Error("The pool of random bytes is empty.");
    }
    const taken = this.bytes.slice(0, count);
    this.bytes = this.bytes.slice(count);
    if (this.bytes.length <= POOL / 4) this.refill();
    return taken;
  }

  private refill(): void {
    this.fill().catch((thrown: unknown) => this.log("warn", `No random bytes: ${textOf(thrown)}`));
  }
}

/** Opens a socket; see `Host.connect`. */
function connect(wx: WxPlatform, url: string, on: Parameters<Host["connect"]>[1]): ReturnType<Host["connect"]> {
  let state: "opening" | "open" | "closed" = "opening";
  let task: WxSocketTask | undefined;
  const shut = (): void => {
    state = "closed";
    // Its own end is of no interest; without `fail` some versions report an unhandled rejection.
    task?.close({ code: 1000, fail: () => undefined });
  };
  const end = (reason: string): void => {
    if (state === "closed") return;
    shut();
    on.close(reason);
  };
  // Later, because the core is not ready to be called back while it is calling.
  const endSoon = (reason: string): void => {
    void Promise.resolve().then(() => end(reason));
  };
  try {
    task = wx.connectSocket({ url, fail: (why) => endSoon(failed("connectSocket", why).message) });
  } catch (thrown) {
    endSoon(textOf(thrown));
  }
  task?.onOpen(() => {
    if (state !== "opening") return;
    state = "open";
    on.open();
  });
  task?.onMessage(({ data }) => {
    if (state !== "open") return;
    if (typeof data === "string") end("The server sent a text where bytes were expected.");
    else on.message(new Uint8Array(data));
  });
  task?.onError((why) => end(failed("the socket", why).message));
  task?.onClose(({ code, reason }) => end(reason ? `${code ?? 0} ${reason}` : `closed with code ${code ?? 0}`));
  return {
    send(data) {
      if (state !== "open" || !task) throw new Error("The socket is not open.");
      // An exact copy: a view of a larger buffer would send all of it.
      const exact = data.slice().buffer as ArrayBuffer;
      task.send({ data: exact, fail: (why) => endSoon(failed("send", why).message) });
    },
    close() {
      if (state !== "closed") shut();
    },
  };
}

function request(wx: WxPlatform, what: Parameters<Host["request"]>[0]): ReturnType<Host["request"]> {
  return new Promise((resolve, reject) => {
    wx.request({
      url: what.url,
      method: what.method,
      header: what.headers,
      ...(what.body === undefined ? {} : { data: what.body }),
      // Anything but "json" leaves the answer as it is.
      dataType: "text",
      responseType: "text",
      success: ({ statusCode, data }) =>
        resolve({ status: statusCode, body: typeof data === "string" ? data : JSON.stringify(data) }),
      fail: (why) => reject(failed("request", why)),
    });
  });
}

/** Texts in the storage of the mini-program. */
const texts = (wx: WxPlatform): TextStorage => ({
  get: (key) =>
    new Promise((resolve, reject) => {
      wx.getStorage({
        key,
        success: ({ data }) => resolve(data),
        // The only sign of an absent key is the text of the failure.
        fail: (why) => (/not found/i.test(why?.errMsg ?? "") ? resolve(undefined) : reject(failed("getStorage", why))),
      });
    }),
  set: (key, value) =>
    new Promise((resolve, reject) => {
      wx.setStorage({
        key,
        data: value,
        success: () => resolve(),
        fail: (why) => {
          const { message } = failed("setStorage", why);
          reject(/exceed|limit|quota|full/i.test(message) ? quotaExceeded(message) : new Error(message));
        },
      });
    }),
  remove: (key) =>
    new Promise((resolve, reject) => {
      wx.removeStorage({ key, success: () => resolve(), fail: (why) => reject(failed("removeStorage", why)) });
    }),
});

async function makeHost(wx: WxPlatform, log: Log): Promise<Host> {
  const pool = new RandomPool(wx, log);
  await pool.fill();
  const sockets = new Set<ReturnType<Host["connect"]>>();
  const stores = new Set<LogStore>();
  return {
    now: () => Date.now(),
    randomBytes: (count) => pool.take(count),
    setTimer(ms, callback) {
      const timer = setTimeout(callback, ms);
      return () => clearTimeout(timer);
    },
    connect: (url, on) => {
      const socket = connect(wx, url, {
        open: () => on.open(),
        message: (data) => on.message(data),
        close: (reason) => {
          sockets.delete(made);
          on.close(reason);
        },
      });
      const made = {
        send: socket.send,
        close: () => {
          sockets.delete(made);
          socket.close();
        },
      };
      sockets.add(made);
      return made;
    },
    request: (what) => request(wx, what),
    openStore: async (name) => {
      const store = await LogStore.open(texts(wx), name, (text) => log("warn", text));
      stores.add(store);
      return {
        apply: (writes) => store.apply(writes),
        range: (...query) => store.range(...query),
        close: () => {
          stores.delete(store);
          store.close();
        },
      };
    },
    abandon: async () => {
      for (const socket of [...sockets]) socket.close();
      await Promise.all([...stores].map((store) => store.finish()));
    },
  };
}

function watch(wx: WxPlatform, signal: (name: string) => void): () => void {
  const show = (): void => signal("foreground");
  const hide = (): void => signal("background");
  const network = ({ isConnected }: { isConnected: boolean }): void => signal(isConnected ? "online" : "offline");
  wx.onAppShow(show);
  wx.onAppHide(hide);
  wx.onNetworkStatusChange(network);
  return () => {
    wx.offAppShow(show);
    wx.offAppHide(hide);
    wx.offNetworkStatusChange?.(network);
  };
}

declare const wx: WxPlatform | undefined;

/**
 * The environment of a client in a mini-program. `platform` is `wx` unless given. Throws
 * `ArgumentInvalid` for a platform that lacks what is needed; where there is none, the first call
 * rejects with `Unsupported`.
 */
export function wechat(wasmPath: string | undefined, platform: WxPlatform | undefined): Environment {
  if (platform !== undefined && typeof (platform as Partial<WxPlatform> | null)?.connectSocket !== "function") {
    throw badArgument("options.platform", "an object with the functions of wx");
  }
  const path = wasmPath ?? DEFAULT_PATH;
  if (typeof path !== "string" || path === "") throw badArgument("options.wasmPath", "a path");
  const given = (): WxPlatform => {
    const api = platform ?? (typeof wx === "undefined" ? undefined : wx);
    if (!api) {
      throw failure(
        "Unsupported",
        "platform",
        "There is no wx here: this entry runs in WeChat mini-programs.",
        "Use the main entry of floo-wasm in browsers.",
      );
    }
    return api;
  };
  return {
    deviceInfo: "MiniProgram",
    storage: "host",
    load: async () => {
      given();
      return load(path);
    },
    host: (log) => makeHost(given(), log),
    transfers: () => wechatFiles(given()),
    watch: (signal) => watch(given(), signal),
  };
}
