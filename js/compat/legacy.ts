/** What happens in the modern client, told in the words of the former SDK, and its reads. */
import type { FlooClient } from "../client/client.js";
import { nameOf } from "../client/conversation.js";
import { messageId } from "../client/ids.js";
import type { ConversationKey, Credentials, FlooErrorShape, Message, Notice, UserId } from "../client/types.js";
import { asFlooError } from "../errors.js";
import type { RawUpdate } from "../tape.js";
import { Archive, KEPT } from "./archive.js";
import type { Bus } from "./bus.js";
import type { Cards } from "./cards.js";
import { customerMessage, frameFailure, KICKS, legacyId } from "./convert.js";
import { rawNotice, tellNotice } from "./notices.js";
import { Outgoing } from "./outgoing.js";
import type { Places } from "./places.js";
import type { Recents } from "./recents.js";
import type { CustomerMessage, RawNotice } from "./shapes.js";
import type { System } from "./system.js";
import { tellUpdate } from "./updates.js";

type Id = number | string;

/** So many conversations are read before `loginSuccess`; the others when they are first asked for. */
const READ_AHEAD = 20;

/** What is told of a login before and after there is a token. Pages compare the texts. */
const WAYS = {
  password: ["getting token...", "token sucecc, getting roster lists.."],
  id: [undefined, "token success, getting roster lists.."],
  token: [undefined, "token sucecc, getting roster lists.."],
} as const;

/** Kinds of messages that are told and not kept. */
const PASSING: readonly unknown[] = ["command", "forward", undefined];

/** Notices of the account that end a session. */
const KICKED: readonly string[] = [
  "password-changed",
  "frozen",
  "removed",
  "kicked-by-same-device",
  "kicked-by-other-device",
  "device-removed",
];

/** The largest page of history. */
const PAGE = 200;

export class Legacy {
  /** True once the core is loaded. */
  ready = false;
  readonly places: Places;
  readonly outgoing: Outgoing;
  private readonly archive = new Archive();
  /** Conversations that have been read from the device, or are being read. */
  private readonly filled = new Set<string>();
  /** Conversations that are being removed here, with the ids as the page gave them. */
  private readonly removing = new Map<string, Id>();
  private kept: readonly Notice[] = [];
  /** Number of the latest login or logout: an earlier one has nothing more to say. */
  private turn = 0;
  /** Settles when the latest login or resume is through; never rejects. */
  private entry: Promise<unknown>;
  private pending = false;
  private connecting = false;
  /** What is told when the token is there. */
  private progress: string | undefined;
  private first = true;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    autoLogin: boolean,
    private readonly parts: { places: Places; cards: Cards; recents: Recents; system: System },
  ) {
    this.places = parts.places;
    this.outgoing = new Outgoing(client, bus, this.archive, parts.places, (group) => parts.cards.receiptsFrom(group));
    client.on("state", ({ to, error }) => this.state(to, error));
    client.on("messages", ({ messages }) => {
      for (const message of messages) this.later(() => this.heard(message));
    });
    client.on("message:sent", ({ message }) => this.later(() => this.sent(message)));
    client.on("message:failed", ({ message, error }) =>
      this.later(() => this.outgoing.failed(message.clientId, error)),
    );
    client.onUpdate((update) => this.later(() => this.updated(update)));
    client.on("typing", ({ conversation, user, active }) => this.later(() => this.typing(conversation, user, active)));
    client.on("conversation:removed", ({ conversation }) => this.later(() => this.removed(conversation)));
    client.on("notice", (notice) => this.later(() => this.noticed(notice)));
    client.on("group:members", ({ group }) => this.later(() => bus.emit("onGroupMemberChanged", legacyId(group))));
    client.on("roster", ({ users }) => {
      bus.emit(
        "onRosterInfoUpdate",
        users.map((user) => legacyId(user.id)),
      );
      bus.emit("onRosterListUpdate");
    });
    client.on("groups", () => bus.emit("onGroupListUpdate"));
    this.entry = this.begin(autoLogin);
  }

  /** Logs in when the core is ready. `make` may throw: that is a failed login too. */
  enter(make: () => Credentials, way: keyof typeof WAYS = "password"): void {
    const turn = ++this.turn;
    const before = this.entry;
    this.entry = before.then(() => (turn === this.turn ? this.attempt(make, turn, way) : undefined));
  }

  /** Logs out, then does `after`. */
  leave(after: (() => void) | undefined): void {
    this.turn++;
    this.client
      .logout()
      .catch((thrown: unknown) => this.client.complain("The logout failed", thrown))
      .then(() => {
        this.clear();
        after?.();
      })
      .catch((thrown: unknown) => this.client.complain("The reload after the logout failed", thrown));
  }

  unread(key: ConversationKey | null): number {
    if (key === null) return 0;
    return this.client.conversations.snapshot.find((row) => nameOf(row.key) === nameOf(key))?.unread ?? 0;
  }

  /** What is there at once. A conversation that was not read yet is, and `recentlistUpdate` tells when. */
  messages(key: ConversationKey | null): CustomerMessage[] {
    if (key === null) return [];
    if (this.client.session && !this.filled.has(nameOf(key))) {
      this.fill(key).then(
        () => this.bus.emit("recentlistUpdate"),
        (thrown: unknown) => this.client.complain("Messages could not be read", thrown),
      );
    }
    return this.archive.list(nameOf(key));
  }

  /** Marks a conversation or one message read; `given` is the id as the page had it, and as the event gives it back. */
  read(key: ConversationKey, given: Id, mid?: Id): void {
    this.archive.mark(nameOf(key), 2, (message) => mid === undefined || message.id === String(mid));
    this.client
      .conversation(key)
      .markRead(mid === undefined ? {} : { only: mid })
      .then(
        () => this.bus.emit("onUnreadChange", given),
        (thrown: unknown) => this.client.complain("The conversation could not be marked read", thrown),
      );
  }

  /** Tells old messages again, oldest first, then where the page before begins: 0 at the end. */
  history(id: Id, sid: Id, amount: number): void {
    const key = this.places.find(id);
    const before = String(sid ?? 0) === "0" ? undefined : messageId(sid, "sid");
    const limit = Math.min(Math.max(Math.trunc(Number(amount)) || 1, 1), PAGE);
    this.client.page(key, before, limit).then(
      ({ messages, next }) =>
        this.later(() => {
          for (const message of messages) this.tell(message, { ...this.keep(message), isHistory: true });
          this.bus.emit("onReceiveHistoryMsg", { next: legacyId(next === "" ? "0" : next) });
        }),
      (thrown: unknown) => this.client.complain("The history could not be read", thrown),
    );
  }

  remove(id: Id, everywhere: boolean): void {
    const key = this.places.find(id);
    const name = nameOf(key);
    this.removing.set(name, id);
    this.client
      .conversation(key)
      .remove({ scope: everywhere ? "account" : "device" })
      .catch((thrown: unknown) => this.client.complain("The conversation could not be removed", thrown))
      .then(() => this.later(() => this.removing.delete(name)));
  }

  notices(): RawNotice[] {
    const me = this.me();
    return this.kept.map((notice) => rawNotice(notice, me));
  }

  /**
   * Tells when the whole batch of the core has been taken in, so that listeners find counts and lists as they are
   * then.
   */
  private later(tell: () => void): void {
    void Promise.resolve().then(tell);
  }

  private me(): UserId {
    return this.client.session?.userId ?? ("" as UserId);
  }

  private setUp(): void {
    const failed = (thrown: unknown): void => this.client.complain("The application's setup is not known", thrown);
    this.parts.system.load().catch(failed);
  }

  private async begin(autoLogin: boolean): Promise<void> {
    try {
      await this.client.ready();
      this.ready = true;
      this.setUp();
      if (!autoLogin || this.turn > 0) return;
      this.connecting = false;
      const session = await this.client.resume();
      if (session) await this.fillAll();
    } catch (thrown) {
      // There was no login to fail; a later one tries again and tells.
      this.client.complain("The client could not be started", thrown);
    }
  }

  private async attempt(make: () => Credentials, turn: number, way: keyof typeof WAYS): Promise<void> {
    this.pending = true;
    this.connecting = false;
    this.first = true;
    try {
      if (this.client.session) await this.client.logout();
      this.clear();
      const [first, then] = WAYS[way];
      this.progress = then;
      if (first !== undefined) this.notice("loginMessage", first);
      await this.client.login(make());
      this.ready = true;
      await this.fillAll();
    } catch (thrown) {
      if (turn === this.turn) this.loginFailed(asFlooError(thrown, "GeneralError", "login"));
    } finally {
      this.pending = false;
    }
  }

  private loginFailed(error: FlooErrorShape): void {
    if (error.domain === "frame") {
      this.refused(error);
      this.notice("loginMessage", "login socket failure ......");
      this.bus.emit("loginFail", "socket_failure");
      return;
    }
    if (error.domain === "dns") {
      const code = error.code === "ServerDNSAppIdInvalid" ? 99997 : 0;
      this.bus.emit("flooError", { category: "DNS_FAILED", desc: error.message, code });
    }
    this.bus.emit("loginFail", `token failure:${error.message}`);
  }

  /** The session ended or was refused for a reason that the application must know. */
  private refused(error: FlooErrorShape): void {
    const { category, action } = frameFailure(error);
    if (action) this.notice("action", action);
    this.bus.emit("flooError", { category, desc: error.message });
  }

  private notice(category: string, desc: string | object): void {
    this.bus.emit("flooNotice", { category, desc });
  }

  private state(to: string, error: FlooErrorShape | null): void {
    if (to === "connecting" && !this.connecting) {
      this.connecting = true;
      if (this.progress !== undefined) this.notice("loginMessage", this.progress);
      this.notice("loginMessage", "socket connecting...");
    } else if (to === "online") {
      // After the login is through, so that listeners find lists and messages in place, and the token: it may be
      // another one than last time.
      const failed = (thrown: unknown): void => this.client.complain("The token is not known", thrown);
      if (!this.parts.system.ready) this.setUp();
      void this.entry
        .then(() => this.parts.system.enter())
        .catch(failed)
        .then(() => {
          if (this.client.state === "online") this.online();
        });
    } else if (to === "kicked") this.kicked(error);
    else if (to === "idle" && error && !this.pending) this.refused(error);
  }

  private kicked(error: FlooErrorShape | null): void {
    const notice = KICKS[error?.code ?? ""];
    if (!notice) {
      // During a login its own failure tells.
      if (error && !this.pending) this.refused(error);
      return;
    }
    if (notice === "KICK_BY_SAME_DEVICE") this.bus.emit("userKicked");
    else this.notice("action", "relogin_manually");
    this.notice("userNotice", notice);
  }

  private online(): void {
    if (this.first) {
      this.first = false;
      const rosters = [...this.client.cards()].filter((user) => user.isContact).map((user) => legacyId(user.id));
      const me = legacyId(this.client.session?.userId ?? "");
      const groups = [...this.client.groupCards()].map((group) => legacyId(group.id));
      this.bus.emit("imRostersGroupslistReady", { rosters: [...rosters, me], groups });
      this.bus.emit("onRosterListUpdate");
      this.bus.emit("onGroupListUpdate");
    }
    this.notice("loginMessage", "socket connect success...");
    this.notice("loginMessage", "logining socket service...");
    this.notice("loginMessage", "login socket success.....");
    this.bus.emit("loginSuccess", {});
  }

  /** A message that came. */
  private heard(message: Message): void {
    const copy = this.keep(message);
    if (copy.toType === "roster" && copy.type !== "rtc") this.bus.emit("onUnreadChange", message.conversation.id);
    this.tell(message, copy);
  }

  private tell(message: Message, copy: CustomerMessage): void {
    const { mentions } = message;
    if (copy.toType === "group") {
      if (mentions.includes(this.me()) && !message.outgoing) this.bus.emit("onMentionMessage", copy);
      this.bus.emit("onGroupMessage", copy);
      return;
    }
    if (copy.type === "rtc") this.bus.emit("onRosterRTCMessage", copy);
    this.bus.emit("onRosterMessage", copy);
  }

  private sent(message: Message): void {
    const copy = this.keep(message);
    this.tell(message, copy);
    this.outgoing.sent(message, copy);
  }

  private updated(update: RawUpdate): void {
    // The user's own, before the server has accepted it: nothing of it is told until then.
    if (update.by !== null && update.operation === null) return;
    tellUpdate(update, this.me(), this.archive, (event, payload) => this.bus.emit(event, payload));
  }

  private typing(conversation: ConversationKey, user: UserId, active: boolean): void {
    if (conversation.kind !== "user" || !this.client.session || user === this.me()) return;
    const ext = JSON.stringify({ input_status: active ? "typing" : "nothing" });
    const to = this.me();
    this.bus.emit("onInputStatusMessage", { ext, from: user, to });
    const copy: CustomerMessage = {
      id: this.client.allocate(),
      from: user,
      to,
      content: "",
      type: "text",
      ext,
      status: 0,
      timestamp: String(Date.now()),
      toType: "roster",
      is_system: false,
      isHistory: false,
      isNative: false,
      isPlayed: false,
      editTimestamp: "0",
    };
    this.bus.emit("onRosterMessage", copy);
  }

  private removed(conversation: ConversationKey): void {
    const name = nameOf(conversation);
    const given = this.removing.get(name);
    this.archive.drop(name);
    const id = given ?? legacyId(conversation.id);
    this.notice("conversation_deleted", { id, source: given === undefined ? "other_operation" : "user_operation" });
  }

  private noticed(notice: Notice): void {
    const { state } = this.client;
    // What ends the session has been told with its end.
    const ended = KICKED.includes(notice.type) && (state === "kicked" || state === "idle");
    tellNotice(notice, this.me(), ended, (event, payload) => this.bus.emit(event, payload));
    if (notice.kept && this.client.session) void this.loadNotices();
  }

  private async loadNotices(): Promise<void> {
    try {
      this.kept = await this.client.notices.list();
    } catch (thrown) {
      this.client.complain("The notices could not be read", thrown);
    }
  }

  private keep(message: Message): CustomerMessage {
    const copy = customerMessage(message, this.me());
    if (!PASSING.includes(copy.type)) this.archive.add(nameOf(message.conversation), [copy]);
    return copy;
  }

  private async fillAll(): Promise<void> {
    // `imRostersGroupslistReady` carries both lists; on a first login they are still on their way.
    await Promise.all([this.client.roster.list(), this.client.groups.list(), this.loadNotices()]);
    const rows = this.client.conversations.snapshot.slice(0, READ_AHEAD);
    await Promise.all(rows.map((row) => this.fill(row.key)));
  }

  private async fill(key: ConversationKey): Promise<void> {
    const name = nameOf(key);
    this.filled.add(name);
    try {
      for (const message of await this.client.conversation(key).messages({ limit: KEPT })) {
        if (message.id !== null) this.keep(message);
      }
    } catch (thrown) {
      this.filled.delete(name);
      throw thrown;
    }
  }

  /** Forgets what was read of messages and cards; getters read it again. */
  forget(): void {
    this.parts.cards.clear();
    this.parts.recents.clear();
    this.archive.clear();
    this.filled.clear();
  }

  private clear(): void {
    this.forget();
    this.parts.system.leave();
    this.removing.clear();
    this.kept = [];
  }
}
