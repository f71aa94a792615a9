// wx.request and wx.connectSocket over the browser's fetch and WebSocket.
import { makeApi } from "./wx-call.js";

const DEFAULT_TIMEOUT_MS = 60_000;

function body(data, real) {
  if (data === undefined) return undefined;
  if (typeof data === "string" || data instanceof real.ArrayBuffer) return data;
  return JSON.stringify(data);
}

function request({ device, real }, running) {
  return (options, ok, fail) => {
    if (device.unreachable) return fail(device.unreachable);
    if (typeof options.url !== "string" || !/^https?:\/\//.test(options.url)) return fail("invalid url");
    if (running.size >= device.limits.requests) return fail("exceed max concurrent request");
    const method = (options.method ?? "GET").toUpperCase();
    const control = new real.AbortController();
    const end = (reason) => {
      fail(reason, { errno: 600001 });
      control.abort();
    };
    running.add(end);
    const timer = setTimeout(() => end("timeout"), options.timeout ?? DEFAULT_TIMEOUT_MS);
    let url = options.url;
    if (method === "GET" && options.data && typeof options.data === "object") {
      const query = new real.URLSearchParams(options.data).toString();
      if (query) url += (url.includes("?") ? "&" : "?") + query;
    }
    const exchange = async () => {
      const answer = await real.fetch(url, {
        method,
        headers: { "content-type": "application/json", ...options.header },
        body: method === "GET" ? undefined : body(options.data, real),
        signal: control.signal,
      });
      if (options.responseType === "arraybuffer") return [answer, await answer.arrayBuffer()];
      const text = await answer.text();
      if ((options.dataType ?? "json") !== "json") return [answer, text];
      try {
        return [answer, JSON.parse(text)];
      } catch {
        return [answer, text]; // As the platform does: what is not JSON stays a text.
      }
    };
    exchange()
      .then(
        ([answer, data]) =>
          ok({ data, statusCode: answer.status, header: Object.fromEntries(answer.headers), cookies: [] }),
        (error) => fail(error.message, { errno: 600001 }),
      )
      .finally(() => {
        clearTimeout(timer);
        running.delete(end);
      });
    return {
      abort: () => end("abort"),
      onHeadersReceived() {},
      offHeadersReceived() {},
      onChunkReceived() {},
      offChunkReceived() {},
    };
  };
}

function connectSocket(context, sockets) {
  const { device, real } = context;
  return (options, ok, fail) => {
    const listeners = { open: [], message: [], close: [], error: [] };
    const emit = (event, value) =>
      device.deliver(() => {
        for (const listener of listeners[event]) listener(value);
      });
    let socket = null;
    let over = false;
    let timer;
    const end = (code, reason, error) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      sockets.delete(interrupt);
      if (socket !== null) socket.close();
      if (error) emit("error", { errMsg: error });
      emit("close", { code, reason });
    };
    // The platform closes sockets of a suspended app: onClose comes, onError does not.
    const interrupt = (reason) => end(1006, reason, null);
    const task = {
      onOpen: (f) => listeners.open.push(f),
      onMessage: (f) => listeners.message.push(f),
      onClose: (f) => listeners.close.push(f),
      onError: (f) => listeners.error.push(f),
      send: makeApi(context, "sendSocketMessage", ({ data }, sent, refuse) => {
        if (over || socket?.readyState !== 1) return refuse("SocketTask.readyState is not OPEN");
        if (typeof data !== "string" && !(data instanceof real.ArrayBuffer)) {
          return refuse("data must be a string or an ArrayBuffer");
        }
        socket.send(data);
        sent({});
      }),
      close: makeApi(context, "closeSocket", ({ code = 1000, reason = "" }, closed) => {
        if (!over && socket?.readyState === 1) socket.close(code, reason);
        else end(code, reason, null);
        closed({});
      }),
    };
    const problem =
      device.unreachable ??
      (typeof options.url !== "string" || !/^wss?:\/\//.test(options.url) ? "url not in ws or wss" : null) ??
      (sockets.size >= device.limits.sockets ? `exceed max socket count ${device.limits.sockets}` : null);
    if (problem) {
      fail(problem);
      setTimeout(() => end(1006, problem, `connectSocket:fail ${problem}`));
      return task;
    }
    sockets.add(interrupt);
    timer = setTimeout(() => end(1006, "timeout", "connectSocket:fail timeout"), options.timeout ?? DEFAULT_TIMEOUT_MS);
    socket = new real.WebSocket(options.url, options.protocols ?? []);
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      clearTimeout(timer);
      if (!over) emit("open", { header: {}, profile: {} });
    };
    socket.onmessage = ({ data }) => {
      if (!over) emit("message", { data });
    };
    socket.onclose = ({ code, reason, wasClean }) => end(code, reason, wasClean ? null : "connectSocket:fail");
    ok({ socketTaskId: sockets.size });
    return task;
  };
}

/** The network part of `wx`. */
export function createNetwork(context) {
  const { device } = context;
  const running = new Set();
  const sockets = new Set();
  device.on("interrupt", (reason) => {
    for (const end of [...running, ...sockets]) end(reason);
  });
  return {
    request: makeApi(context, "request", request(context, running), { task: true }),
    connectSocket: makeApi(context, "connectSocket", connectSocket(context, sockets), { task: true }),
    onNetworkStatusChange: (f) => device.on("network", f),
    offNetworkStatusChange: (f) => device.off("network", f),
    getNetworkType: makeApi(context, "getNetworkType", (_, ok) => ok({ networkType: device.network })),
  };
}
