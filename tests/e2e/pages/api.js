// Offers the built package, and a few steps that most tests need, to the functions that tests run here.
import * as floo from "floo-wasm";
import { flooim as makeFlooim } from "floo-wasm/compat";

const APP_ID = "floo-demo";

/** Clients by name: they outlive the function that made them. */
const clients = {};

/** For the option `worker`. */
const worker = () => new Worker("/npm/worker.js", { type: "module" });
/** With `?worker` in the page's address every client has its core in one. */
const everywhere = new URLSearchParams(location.search).has("worker");
const withWorker = (options) =>
  everywhere && typeof options === "object" && options !== null ? { worker, ...options } : options;
const createClient = (options) => floo.createClient(withWorker(options));
const flooim = (config) => makeFlooim(withWorker(config));

/** Makes a client that keeps nothing, logs in, and keeps what it hears in `heard`. */
async function enter(name, { dns, username, password = `${username}-demo`, storage = "memory", ...options }) {
  const client = createClient({ appId: APP_ID, servers: { dns }, storage, ...options });
  clients[name] = client;
  client.heard = listen(client);
  await client.login({ username, password }, { timeout: 30_000 });
  return client;
}

/** Collects everything a client says, as `{event, ...payload}` in the order in which it said it. */
function listen(client) {
  const heard = [];
  const events = [
    "state",
    "messages",
    "message",
    "message:sent",
    "message:failed",
    "message:updated",
    "receipt",
    "typing",
    "notice",
    "group:members",
    "conversation:removed",
    "conversations",
    "error",
    "storage",
  ];
  for (const event of events) client.on(event, (payload) => heard.push({ event, ...payload }));
  return heard;
}

/** Less than a script may take, so that a wait without end says itself what it waited for. */
const LIMIT = 60_000;

/**
 * Resolves when `probe()` is truthy after one of these events, or is already. `what` names it where the probe's own
 * text does not.
 */
function when(client, events, probe, what = probe) {
  return new Promise((resolve, reject) => {
    const stop = new AbortController();
    const late = setTimeout(() => {
      stop.abort();
      const rows = client.conversations.snapshot.map((row) => `${row.key.id}: ${row.unread}`);
      const heard = (client.heard ?? [])
        .slice(-5)
        .map(({ event, change }) => [event, change].filter(Boolean).join(" "));
      const seen = `${client.state}, unread ${rows.join(", ")}; heard last: ${heard.join(", ")}`;
      reject(new Error(`waited ${LIMIT / 1000} s for ${events.join(", ")} with ${what}; ${seen}`));
    }, LIMIT);
    const look = () => {
      try {
        const found = probe();
        if (!found) return;
        stop.abort();
        clearTimeout(late);
        resolve(found);
      } catch (error) {
        stop.abort();
        clearTimeout(late);
        reject(error);
      }
    };
    for (const event of events) client.on(event, look, { signal: stop.signal });
    look();
  });
}

/** All pages of a conversation's history in one list, oldest first. */
async function allHistory(conversation, query) {
  const pages = [];
  for await (const page of conversation.history(query)) pages.unshift(page);
  return pages.flat();
}

/** Resolves with the first thing a client has heard, or hears, that is this event and passes the test. */
const hears = (client, event, test) =>
  when(client, [event], () => client.heard.find((it) => it.event === event && test(it)), test);

/** Resolves when a conversation's newest messages on a device pass the test. */
async function shows(client, of, test) {
  const look = async () => {
    const list = await client.conversation(of).messages();
    return test(list) ? list : undefined;
  };
  for (;;) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => {
      const stop = new AbortController();
      const go = () => {
        stop.abort();
        resolve();
      };
      for (const event of ["message", "message:sent", "message:updated", "conversation:removed"]) {
        client.on(event, go, { signal: stop.signal });
      }
      setTimeout(go, 200); // it may have come between the look and the listening
    });
  }
}

window.sdk = { ...floo, createClient, flooim, APP_ID, clients, worker, enter, listen, when, hears, shows, allHistory };
window.ready = true;
