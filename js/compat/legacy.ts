/** What happens in the modern client, told in the words of the former SDK, and its sends and reads. */
import type { FlooClient } from "../client/client.js";
import { checkContent } from "../client/content.js";
import { conversationKey } from "../client/ids.js";
import type { ClientId, ConversationKey, Credentials, FlooErrorShape, Message } from "../client/types.js";
import { asFlooError, badArgument, badMessage, type FlooError, unsupported } from "../errors.js";
import { Archive, KEPT } from "./archive.js";
import type { Bus } from "./bus.js";
import { customerMessage, frameFailure, KICKS, legacyId } from "./convert.js";
import type { CustomerMessage, SendingStatus } from "./shapes.js";

interface Sendable {
  content: string;
  /** Only `text` for now. */
  type?: string;
  /** Text only, as ever; objects must be made text before. */
  ext?: string;
  config?: string;
  attachment?: object;
}

/** What `sendRosterMessage` takes. */
export interface RosterSend extends Sendable {
  uid: number | string;
}

/** What `sendGroupMessage` takes. */
export interface GroupSend extends Sendable {
  gid: number | string;
}

/** So many conversations are read before `loginSuccess`; the others when they are first asked for. */
const READ_AHEAD = 20;

const nameOf = (key: ConversationKey): string => `${key.kind}:${key.id}`;

export class Legacy {
  /** True once the core is loaded. */
  ready = false;
  private readonly archive = new Archive();
  /** Conversations that have been read from the device, or are being read. */
  private readonly filled = new Set<string>();
  /** Messages sent here whose fate has not been told yet. */
  private readonly sending = new Set<string>();
  /** Number of the latest login or logout: an earlier one has nothing more to say. */
  private turn = 0;
  /** Settles when the latest login or resume is through; never rejects. */
  private entry: Promise<unknown>;
  private pending = false;
  private connecting = false;
  private first = true;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    autoLogin: boolean,
  ) {
    client.on("state", ({ to, error }) => this.state(to, error));
    client.on("messages", ({ messages }) => this.received(messages));
    client.on("message:sent", ({ message }) => this.sent(message));
    client.on("message:failed", ({ message, error }) => this.failed(message.clientId, error));
    client.on("conversations", () => bus.emit("recentlistUpdate"));
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

  user(id: number | string): ConversationKey {
    return String(id) === "0"
      ? conversationKey({ kind: "system", id: "0" } as ConversationKey)
      : conversationKey({ user: id });
  }

  group(id: number | string): ConversationKey {
    return conversationKey({ group: id });
  }

  /** Logs in when the core is ready. `make` may throw: that is a failed login too. */
  enter(make: () => Credentials): void {
    const turn = ++this.turn;
    const before = this.entry;
    this.entry = before.then(() => (turn === this.turn ? this.attempt(make, turn) : undefined));
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

  unread(key: ConversationKey): number {
    return this.client.conversations.snapshot.find((row) => nameOf(row.key) === nameOf(key))?.unread ?? 0;
  }

  /** What is there at once. A conversation that was not read yet is, and `recentlistUpdate` tells when. */
  messages(key: ConversationKey): CustomerMessage[] {
    if (this.client.session && !this.filled.has(nameOf(key))) {
      this.fill(key).then(
        () => this.bus.emit("recentlistUpdate"),
        (thrown: unknown) => this.client.complain("Messages could not be read", thrown),
      );
    }
    return this.archive.list(nameOf(key));
  }

  /** Marks a conversation read; `given` is the id as the page had it, and as the event gives it back. */
  read(key: ConversationKey, given: number | string): void {
    this.archive.markRead(nameOf(key));
    this.client
      .conversation(key)
      .markRead()
      .then(
        () => this.bus.emit("onUnreadChange", given),
        (thrown: unknown) => this.client.complain("The conversation could not be marked read", thrown),
      );
  }

  sendRoster(message: RosterSend): number {
    return this.send("sendRosterMessage", message, message?.uid, (id) => this.user(id));
  }

  sendGroup(message: GroupSend): number {
    return this.send("sendGroupMessage", message, message?.gid, (id) => this.group(id));
  }

  private send(
    what: string,
    message: Sendable,
    to: number | string,
    resolve: (id: number | string) => ConversationKey,
  ): number {
    if (typeof message !== "object" || message === null) throw badArgument("message", "an object");
    if (message.type !== undefined && message.type !== "text") throw unsupported(`${what} with a type other than text`);
    if (message.config) throw unsupported(`${what} with config`);
    const { content, ext } = message;
    if (ext !== undefined && typeof ext !== "string") throw badMessage("ext", "a text");
    const raw = checkContent({ text: content, ...(ext === undefined ? {} : { ext }) });
    const key = resolve(to);
    const id = this.client.allocate();
    const mid = Number(id);
    const me = this.client.session?.userId ?? "";
    const copy: CustomerMessage = {
      id,
      from: me,
      to: key.id,
      content,
      type: "text",
      ext,
      status: 0,
      timestamp: String(Date.now()),
      toType: key.kind === "group" ? "group" : "roster",
      is_system: false,
      isHistory: false,
      isNative: false,
      isPlayed: false,
      editTimestamp: "0",
    };
    this.sending.add(id);
    this.tell({ status: "sending", uid: to, mid, message: copy });
    this.client.post(id, key, raw).catch((error: FlooError) => {
      // A wait that ended says nothing of the message: it is in the outbox. What the server refuses
      // comes as an event; here is what never got that far.
      if (error.code !== "Cancelled" && this.sending.has(id)) this.failed(id, error);
    });
    return mid;
  }

  private tell(status: SendingStatus): void {
    this.bus.emit("onSendingMessageStatusChanged", status);
  }

  private async begin(autoLogin: boolean): Promise<void> {
    try {
      await this.client.ready();
      this.ready = true;
      if (!autoLogin || this.turn > 0) return;
      this.connecting = false;
      const session = await this.client.resume();
      if (session) await this.fillAll();
    } catch (thrown) {
      // There was no login to fail; a later one tries again and tells.
      this.client.complain("The client could not be started", thrown);
    }
  }

  private async attempt(make: () => Credentials, turn: number): Promise<void> {
    this.pending = true;
    this.connecting = false;
    this.first = true;
    try {
      if (this.client.session) await this.client.logout();
      this.clear();
      this.notice("loginMessage", "getting token...");
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

  private notice(category: string, desc: string): void {
    this.bus.emit("flooNotice", { category, desc });
  }

  private state(to: string, error: FlooErrorShape | null): void {
    if (to === "connecting" && !this.connecting) {
      this.connecting = true;
      this.notice("loginMessage", "token sucecc, getting roster lists..");
      this.notice("loginMessage", "socket connecting...");
    } else if (to === "online") {
      // After the login is through, so that listeners find lists and messages in place.
      void this.entry.then(() => {
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

  private received(messages: readonly Message[]): void {
    for (const message of messages) {
      const copy = this.keep(message);
      const group = message.conversation.kind === "group";
      this.bus.emit(group ? "onGroupMessage" : "onRosterMessage", copy);
      if (!group) this.bus.emit("onUnreadChange", message.conversation.id);
    }
  }

  private sent(message: Message): void {
    this.sending.delete(message.clientId ?? "");
    const copy = this.keep(message);
    this.bus.emit(copy.toType === "group" ? "onGroupMessage" : "onRosterMessage", copy);
    this.tell({ status: "sent", mid: Number(message.clientId), message: copy });
  }

  private failed(id: ClientId | null, error: FlooErrorShape): void {
    if (id === null) return;
    this.sending.delete(id);
    const code = frameFailure(error).status;
    this.tell({
      status: "failed",
      mid: Number(id),
      message: { status: { code, reason: error.message }, client_mid: id },
      errorCode: code,
      errorReason: error.message,
    });
  }

  private keep(message: Message): CustomerMessage {
    const copy = customerMessage(message, this.client.session?.userId ?? "");
    this.archive.add(nameOf(message.conversation), [copy]);
    return copy;
  }

  private async fillAll(): Promise<void> {
    // `imRostersGroupslistReady` carries both lists; on a first login they are still on their way.
    await Promise.all([this.client.roster.list(), this.client.groups.list()]);
    const rows = this.client.conversations.snapshot.slice(0, READ_AHEAD);
    await Promise.all(rows.map((row) => this.fill(row.key)));
  }

  private async fill(key: ConversationKey): Promise<void> {
    const name = nameOf(key);
    const me = this.client.session?.userId ?? "";
    this.filled.add(name);
    let stored: readonly Message[];
    try {
      stored = await this.client.conversation(key).messages({ limit: KEPT });
    } catch (thrown) {
      this.filled.delete(name);
      throw thrown;
    }
    let unread = this.unread(key);
    const copies: CustomerMessage[] = [];
    for (const message of stored.filter((it) => it.id !== null).reverse()) {
      const isRead = message.outgoing || unread-- <= 0;
      copies.unshift(customerMessage(message, me, isRead));
    }
    this.archive.add(name, copies);
  }

  private clear(): void {
    this.archive.clear();
    this.filled.clear();
  }
}
