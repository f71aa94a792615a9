/** Logging in and out, and where the connection stands, in the words of the former SDK. */
import type { FlooClient } from "../client/client.js";
import { checkCredentials } from "../client/options.js";
import type { Credentials, FlooErrorShape } from "../client/types.js";
import { asFlooError, notLoggedIn } from "../errors.js";
import type { Bus } from "./bus.js";
import { frameFailure, KICKS, legacyId, reasonOf } from "./convert.js";

/** What differs between the ways to log in. */
export interface Manner {
  /** It asks for a token, and says so first. */
  readonly asks: boolean;
  /** One of them spells it right. */
  readonly token: "sucecc" | "success";
}

export const BY_PASSWORD: Manner = { asks: true, token: "sucecc" };
export const BY_TOKEN: Manner = { asks: false, token: "sucecc" };
export const BY_ID: Manner = { asks: false, token: "success" };

/** What the other parts do with a session. */
export interface Parts {
  /** There is an address and a token now, or they may have changed. */
  follow(): void;
  /** Somebody is logged in: reads what getters have to answer. */
  begin(): Promise<void>;
  /** Takes over what the former SDK has kept: first the login, then, once somebody is logged in, the messages. */
  adopt(autoLogin: boolean): Promise<void>;
  takeOver(): Promise<void>;
  /** Forgets what is of the session. */
  end(): void;
  /** The core is there, and nobody is logged in yet: asks where the cloud is. */
  ready(): Promise<void>;
  /** What waited for the login goes on, or has failed with it. */
  through(error?: FlooErrorShape): void;
  /** An account notice of that name has ended it. */
  kicked(name: string): void;
}

export class Session {
  /** True once the core is loaded. */
  ready = false;
  /** A login or resume is under way, and nothing has come of it yet. */
  entering = true;
  /** Number of the latest login or logout: an earlier one has nothing more to say. */
  private turn = 0;
  /** Settles when the latest login or resume is through; never rejects. */
  private entry: Promise<unknown>;
  private pending = false;
  private connecting = false;
  private first = true;
  private manner = BY_TOKEN;
  /** The application was told that its token is of no use any more. */
  private expired = false;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    private readonly parts: Parts,
    autoLogin: boolean,
  ) {
    client.on("state", ({ to, error }) => this.state(to, error));
    this.entry = this.start(autoLogin);
  }

  /** Logs in when the core is ready. `make` may throw: that is a failed login too. */
  enter(make: () => Credentials, manner: Manner): void {
    const turn = ++this.turn;
    this.entering = true;
    const before = this.entry;
    this.entry = before.then(() => (turn === this.turn ? this.attempt(make, manner, turn) : undefined));
  }

  /** Logs out, then does `after`. */
  leave(after: (() => void) | undefined): void {
    this.finish(() => this.client.logout(), after);
  }

  /** Ends the session by `act`, then does `after`. */
  finish(act: () => Promise<unknown>, after: (() => void) | undefined): void {
    this.through(++this.turn, notLoggedIn());
    act()
      .catch((thrown: unknown) => this.client.complain("The logout failed", thrown))
      .then(() => {
        this.parts.end();
        after?.();
      })
      .catch((thrown: unknown) => this.client.complain("The reload after the logout failed", thrown));
  }

  /** A call of the HTTP API was refused. A token that is of no use is told once. */
  refused(thrown: unknown): void {
    const { domain, message } = thrown as Partial<FlooErrorShape>;
    if (domain !== "http" || this.expired || !/\(code 402\b/.test(message ?? "")) return;
    this.expired = true;
    this.notice("action", "relogin");
  }

  private async start(autoLogin: boolean): Promise<void> {
    try {
      await this.client.ready();
      this.ready = true;
      // A login does its own asking, and tells what comes of it.
      this.parts.ready().catch((thrown: unknown) => this.client.complain("The servers could not be asked for", thrown));
      await this.takeOver(() => this.parts.adopt(autoLogin));
      if (!autoLogin || this.turn > 0) return;
      this.connecting = false;
      const session = await this.client.resume();
      if (session) await this.begin(0);
    } catch (thrown) {
      // There was no login to fail; a later one tries again and tells.
      this.client.complain("The client could not be started", thrown);
    } finally {
      this.through(0, notLoggedIn());
    }
  }

  /** Takes over what the former SDK has kept; without that everything else still works. */
  private async takeOver(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.client.complain("What the former SDK has kept could not be taken over", thrown);
    }
  }

  /** The login or resume of that number has come to something; a later one may be under way. */
  private through(turn: number, error?: FlooErrorShape): void {
    if (turn !== this.turn || !this.entering) return;
    this.entering = false;
    this.parts.through(error);
  }

  private async begin(turn: number): Promise<void> {
    this.through(turn);
    this.expired = false;
    await this.takeOver(() => this.parts.takeOver());
    this.parts.follow();
    // `imRostersGroupslistReady` carries both lists; on a first login they are still on their way.
    await Promise.all([this.client.roster.list(), this.client.groups.list(), this.parts.begin()]);
  }

  private async attempt(make: () => Credentials, manner: Manner, turn: number): Promise<void> {
    this.pending = true;
    try {
      const again = this.client.session !== null;
      if (again) {
        // As ever, what is refused a token changes nothing of the session there is.
        if (manner.asks) this.notice("loginMessage", "getting token...");
        await this.prove(make());
        if (turn !== this.turn) return;
      }
      this.connecting = false;
      this.first = true;
      this.manner = manner;
      if (this.client.session) await this.client.logout();
      this.parts.end();
      if (manner.asks && !again) this.notice("loginMessage", "getting token...");
      await this.client.login(make());
      this.ready = true;
      await this.begin(turn);
    } catch (thrown) {
      if (turn !== this.turn) return;
      const error = asFlooError(thrown, "GeneralError", "login");
      this.loginFailed(error);
      this.through(turn, error);
    } finally {
      this.pending = false;
    }
  }

  /**
   * Asks the cloud whether it takes a password. A token shows its worth only when it is used, and what the cloud wants
   * to hear of a number besides is not known: these are not asked about.
   */
  private async prove(credentials: Credentials): Promise<void> {
    const { username, userId, password } = checkCredentials(credentials, false);
    if (userId !== undefined && password) await this.client.api("tokenId", { user_id: userId, password });
    else if (username !== undefined && password) await this.client.api("tokenUser", { name: username, password });
  }

  private loginFailed(error: FlooErrorShape): void {
    if (error.domain === "frame") {
      this.complain(error);
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
  private complain(error: FlooErrorShape): void {
    const { category, action } = frameFailure(error);
    if (action) this.notice("action", action);
    this.bus.emit("flooError", { category, desc: reasonOf(error) });
  }

  private notice(category: string, desc: string): void {
    this.bus.emit("flooNotice", { category, desc });
  }

  private state(to: string, error: FlooErrorShape | null): void {
    if (to === "connecting" && !this.connecting) {
      this.connecting = true;
      this.notice("loginMessage", `token ${this.manner.token}, getting roster lists..`);
      this.notice("loginMessage", "socket connecting...");
    } else if (to === "online") {
      // After the login is through, so that listeners find lists and messages in place.
      void this.entry.then(async () => {
        if (this.client.state !== "online") return;
        await this.identify();
        if (this.client.state === "online") this.online();
      });
    } else if (to === "kicked") this.kicked(error);
    else if (to === "idle" && error && !this.pending) this.complain(error);
  }

  private kicked(error: FlooErrorShape | null): void {
    const name = KICKS[error?.code ?? ""];
    if (name) this.parts.kicked(name);
    // During a login its own failure tells.
    else if (error && !this.pending) this.complain(error);
  }

  /** Where the serial number is not known yet: a first login that was resumed, a page that has joined another. */
  private async identify(): Promise<void> {
    if (!this.client.session || this.client.session.deviceSn > 0) return;
    try {
      await this.client.resume();
    } catch (thrown) {
      this.client.complain("The device's serial number is not known", thrown);
    }
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
    } else this.parts.follow();
    this.notice("loginMessage", "socket connect success...");
    this.notice("loginMessage", "logining socket service...");
    this.notice("loginMessage", "login socket success.....");
    this.bus.emit("loginSuccess", {});
  }
}
