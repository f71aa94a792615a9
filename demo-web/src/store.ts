/**
 * Adapts the SDK's client to Vue: every fact that views show is a shallow ref that follows the client's
 * events. The client stays the only owner of the data; nothing is kept twice.
 */
import {
  type Client,
  type ConversationInfo,
  type ConversationKey,
  createClient,
  type FlooErrorShape,
  type Group,
  type Notice,
  type Session,
  type State,
  type Stats,
  type StorageKind,
  type SyncState,
  type User,
  type UserId,
} from "floo-wasm";
import { computed, type InjectionKey, inject, shallowRef } from "vue";
import { t } from "./i18n/index.js";
import { asFlooError } from "./lib/errors.js";
import { keyText, sameKey } from "./lib/keys.js";
import { someNames } from "./lib/notices.js";
import { defaultDns, knownDns, loadSettings, saveSettings, startDns } from "./lib/settings.js";
import { createLive } from "./live.js";
import { createToasts } from "./toasts.js";
import { createUploads } from "./uploads.js";

/** The application's id on the local emulator. */
const APP_ID = "floo-demo";

/** The connection as the `state` event describes it. */
export interface Connection {
  readonly state: State;
  readonly error: FlooErrorShape | null;
  /** When the next attempt is planned, in milliseconds since the epoch. */
  readonly retryAt: number | null;
}

export type Store = ReturnType<typeof createStore>;

/** The key under which the app provides its store. */
export const storeKey: InjectionKey<Store> = Symbol("store");

export function createStore() {
  const settings = shallowRef(loadSettings());
  const dns = shallowRef(startDns(settings.value));

  /** `starting` until it is known whether there is an earlier login. */
  const phase = shallowRef<"starting" | "signed-out" | "signed-in">("starting");
  /** Why the start went wrong; shown with the sign-in form. */
  const startError = shallowRef<FlooErrorShape | null>(null);
  const session = shallowRef<Session | null>(null);
  const connection = shallowRef<Connection>({ state: "idle", error: null, retryAt: null });
  const sync = shallowRef<SyncState>({ phase: "live", pending: 0 });
  const storage = shallowRef<{ kind: StorageKind; error: FlooErrorShape | null } | null>(null);
  const conversations = shallowRef<readonly ConversationInfo[]>([]);
  const contacts = shallowRef<readonly User[]>([]);
  const groups = shallowRef<readonly Group[]>([]);
  /** Unread messages of all conversations. */
  const unread = shallowRef(0);
  /** What the server told and the user has yet to see, the newest first. */
  const notices = shallowRef<readonly Notice[]>([]);
  const live = createLive();
  const toasts = createToasts();
  const uploads = createUploads(client, toasts.fail);
  /** The last trouble that no call reported. */
  const trouble = shallowRef<FlooErrorShape | null>(null);
  /** Counts changes of cards: `roster.get()` and `groups.get()` are not reactive by themselves. */
  const cards = shallowRef(0);

  /** Names of those whom this device has no card of, by id. */
  const strangers = new Map<string, string>();

  let made: { client: Client; dns: string; stop: AbortController } | null = null;

  /** The client for an address: the one at hand, or a new one in place of it. */
  async function clientFor(address: string): Promise<Client> {
    if (made !== null && made.dns === address && made.client.state !== "closed") return made.client;
    await dispose();
    const client = createClient({ appId: APP_ID, servers: { dns: address }, deliveryReceipts: true });
    const stop = new AbortController();
    made = { client, dns: address, stop };
    connection.value = { state: client.state, error: null, retryAt: null };
    follow(client, stop.signal);
    return client;
  }

  /** Closes the client at hand, if any. */
  async function dispose(): Promise<void> {
    if (made === null) return;
    const { client, stop } = made;
    made = null;
    stop.abort();
    await client.close();
  }

  function follow(client: Client, signal: AbortSignal): void {
    const until = { signal };
    client.on(
      "state",
      ({ to, error, retryAt }) => {
        connection.value = { state: to, error, retryAt };
        // The server ended the session, for instance because the token has expired.
        if (to === "idle" && error && phase.value === "signed-in") {
          forget();
          startError.value = error;
        }
      },
      until,
    );
    client.on(
      "sync",
      (now) => {
        sync.value = now;
      },
      until,
    );
    client.on(
      "storage",
      (now) => {
        storage.value = now;
      },
      until,
    );
    client.on(
      "error",
      ({ error }) => {
        trouble.value = error;
        console.warn(`${error.code} (${error.domain}): ${error.message}`);
      },
      until,
    );
    client.on(
      "unread:total",
      ({ count }) => {
        unread.value = count;
      },
      until,
    );
    // Those that are not kept may answer one that was, from another device.
    client.on("notice", () => void loadNotices(client), until);
    client.on("group:members", (change) => tellMembers(change.group, change.joined, change.left), until);
    live.follow(client, until);
    client.on("roster", () => cardsChanged(client), until);
    client.on("groups", () => cardsChanged(client), until);
    const unsubscribe = client.conversations.subscribe(() => {
      conversations.value = client.conversations.snapshot;
    });
    signal.addEventListener("abort", unsubscribe);
  }

  function cardsChanged(client: Client): void {
    cards.value += 1;
    void loadPeople(client);
  }

  async function loadPeople(client: Client): Promise<void> {
    if (session.value === null) return;
    try {
      const [people, rooms] = await Promise.all([client.roster.list(), client.groups.list()]);
      contacts.value = people;
      groups.value = rooms;
      cards.value += 1;
    } catch (error) {
      trouble.value = asFlooError(error);
    }
  }

  async function loadNotices(client: Client): Promise<void> {
    try {
      await showNotices(await client.notices.list());
    } catch (error) {
      trouble.value = asFlooError(error);
    }
  }

  /** Without what the user did about contacts, on this or another device. */
  async function showNotices(all: readonly Notice[]): Promise<void> {
    notices.value = all.filter(({ kind, from }) => kind !== "roster" || from !== session.value?.userId);
    await learn(notices.value.map(({ from }) => from).filter((id) => id !== "0"));
  }

  /** Forgets notices that the user has seen. */
  async function dismiss(seen: readonly Notice[]): Promise<void> {
    try {
      await showNotices(await client().notices.dismiss(seen));
    } catch (error) {
      toasts.fail(error);
    }
  }

  function tellMembers(group: string, joined: readonly string[], left: readonly string[]): void {
    const room = made?.client.groups.get(group)?.name || t("common.group", { id: group });
    const others = (ids: readonly string[]) => ids.filter((id) => id !== session.value?.userId).map(nameOf);
    for (const [names, what] of [
      [others(joined), "chat.joined"],
      [others(left), "chat.left"],
    ] as const) {
      if (names.length > 0) toasts.say(t(what, { names: someNames(names), group: room }));
    }
  }

  /** Shows the chats of an account that has just signed in or was taken up again. */
  async function enter(client: Client, account: Session): Promise<void> {
    session.value = account;
    startError.value = null;
    sync.value = client.sync;
    storage.value = { kind: client.storage, error: storage.value?.error ?? null };
    connection.value = { ...connection.value, state: client.state };
    conversations.value = await client.conversations.list();
    unread.value = client.conversations.unread;
    phase.value = "signed-in";
    void loadPeople(client);
    void loadNotices(client);
  }

  /** Takes up the last login of this browser, if there is one. */
  async function start(): Promise<void> {
    try {
      const client = await clientFor(dns.value);
      // Anybody can make a link that names a server: only the one of the last login is to have its token.
      const account = dns.value === knownDns(settings.value) ? await client.resume() : null;
      if (account) await enter(client, account);
      else phase.value = "signed-out";
    } catch (error) {
      startError.value = asFlooError(error);
      phase.value = "signed-out";
    }
  }

  /** Signs in; rejects with the SDK's error. */
  async function signIn(username: string, password: string, address: string, signal: AbortSignal): Promise<void> {
    const client = await clientFor(address);
    const account = await client.login({ username, password }, { signal });
    dns.value = address;
    settings.value = { dns: address === defaultDns() ? "" : address, username, userId: account.userId };
    saveSettings(settings.value);
    await enter(client, account);
  }

  /** Makes an account and signs in with it; rejects with the SDK's error. */
  async function register(username: string, password: string, address: string, signal: AbortSignal): Promise<void> {
    const client = await clientFor(address);
    await client.account.register({ username, password }, { signal });
    await signIn(username, password, address, signal);
  }

  /** Signs out; the messages stay in this browser. Rejects with the SDK's error. */
  async function signOut(): Promise<void> {
    await made?.client.logout();
    forget();
    saveSettings({ ...settings.value, userId: "" });
  }

  /** Signs out and erases what this browser keeps of the account. Rejects with the SDK's error. */
  async function eraseAndSignOut(): Promise<void> {
    await made?.client.wipe();
    forget();
    saveSettings({ ...settings.value, userId: "" });
  }

  /** Nobody is signed in any more. */
  function forget(): void {
    phase.value = "signed-out";
    session.value = null;
    conversations.value = [];
    contacts.value = [];
    groups.value = [];
    unread.value = 0;
    notices.value = [];
    strangers.clear();
    live.forget();
    uploads.forget();
    trouble.value = null;
  }

  /** The client of the account that is signed in. */
  function client(): Client {
    if (made === null) throw new Error("Nobody is signed in.");
    return made.client;
  }

  /** Asks the cloud what those are called whom this device has no card of. */
  async function learn(ids: readonly UserId[]): Promise<void> {
    const unknown = ids.filter((id) => client().roster.get(id) === null && !strangers.has(id));
    if (unknown.length === 0) return;
    for (const item of await client().roster.fetchMany([...new Set(unknown)])) {
      strangers.set(item.userId, item.alias || item.nickName || item.username);
    }
    cards.value += 1;
  }

  /** What to call a user: their card's name, else the name they signed in with, else the id. */
  function nameOf(id: string): string {
    void cards.value;
    const card = made?.client.roster.get(id);
    if (card?.displayName) return card.displayName;
    const stranger = strangers.get(id);
    if (stranger) return stranger;
    return id === settings.value.userId && settings.value.username ? settings.value.username : id;
  }

  /** The row of a conversation; null for a chat that has not begun. */
  function conversationOf(key: ConversationKey): ConversationInfo | null {
    return conversations.value.find((row) => sameKey(row.key, key)) ?? null;
  }

  function titleOf(key: ConversationKey): string {
    const title = conversationOf(key)?.title;
    if (title && title !== key.id) return title;
    void cards.value;
    if (key.kind === "group") return made?.client.groups.get(key.id)?.name || key.id;
    return key.kind === "system" ? t("list.system") : nameOf(key.id);
  }

  function membersOf(key: ConversationKey): number {
    void cards.value;
    return key.kind === "group" ? (made?.client.groups.get(key.id)?.memberCount ?? 0) : 0;
  }

  /**
   * Who is in a group, as far as this device knows without asking: `authors` and who was seen joining. While that
   * cannot be all, contacts are taken for possible members.
   */
  function peopleIn(group: string, authors: Iterable<string>): string[] {
    void cards.value;
    const known = new Set([...authors, ...live.joinedIn(group)]);
    const count = made?.client.groups.get(group)?.memberCount ?? 0;
    const me = session.value?.userId ?? "";
    known.delete(me);
    if (known.size + 1 < count) for (const contact of contacts.value) known.add(contact.id);
    return [...known].filter((id) => id !== me && live.memberOf(group, id) !== false);
  }

  /** What happened lately, for a bug report. */
  function exportLog(): string {
    return client().logs.export();
  }

  /** Does what the user has asked for; what goes wrong is shown. True when it was done. */
  async function attempt(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      toasts.fail(error);
      return false;
    }
  }

  /** Sets a chat's badge to zero. */
  async function markRead(key: ConversationKey): Promise<void> {
    try {
      await client().conversation(key).markRead();
    } catch (error) {
      trouble.value = asFlooError(error);
    }
  }

  function stats(): Stats | null {
    return made?.client.stats() ?? null;
  }

  /** What was typed but not sent, by conversation; kept while the page lives. */
  const drafts = new Map<string, string>();
  const draft = {
    get: (key: ConversationKey) => drafts.get(keyText(key)) ?? "",
    set: (key: ConversationKey, text: string) => {
      if (text === "") drafts.delete(keyText(key));
      else drafts.set(keyText(key), text);
    },
  };

  return {
    phase,
    startError,
    session,
    connection,
    sync,
    storage,
    conversations,
    contacts,
    groups,
    trouble,
    dns,
    lastUsername: computed(() => settings.value.username),
    unread,
    notices,
    live,
    toasts,
    uploads,
    start,
    signIn,
    register,
    signOut,
    eraseAndSignOut,
    dispose,
    client,
    nameOf,
    learn,
    titleOf,
    membersOf,
    conversationOf,
    peopleIn,
    dismiss,
    exportLog,
    attempt,
    markRead,
    stats,
    draft,
  };
}

/** The app's store, in a component's setup. */
export function useStore(): Store {
  const store = inject(storeKey);
  if (!store) throw new Error("The store is provided by App.vue.");
  return store;
}
