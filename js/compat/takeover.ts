/** What the former SDK (3.x) has kept in the page's storage: read once, never deleted, and who is logged in mirrored. */
import type { FlooClient } from "../client/client.js";
import { TYPES } from "../client/details.js";
import { conversationKey, isId } from "../client/ids.js";
import { parseJson } from "../client/json.js";
import type { ConversationKey, FlooErrorShape, UserId } from "../client/types.js";

type Fields = { readonly [name: string]: unknown };
type Store = Pick<Storage, "getItem" | "setItem">;

/** Message stores are in so many parts, by the conversation's id. */
const PARTS = 31;
/** The former SDK was told to forget the login in this tab. */
const STOPPED = "key_stop_auto_login";

/** The page's storages; undefined where there are none, or the page may not use them. */
function storages(): { local: Store; tab: Store } | undefined {
  try {
    const { localStorage: local, sessionStorage: tab } = globalThis;
    return local && tab ? { local, tab } : undefined;
  } catch {
    return undefined; // forbidden to the page: then nothing was kept there either
  }
}

const fieldsOf = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {});

/** Lists stand in an object of their own. */
const listOf = (value: unknown): readonly unknown[] => {
  const list = Array.isArray(value) ? value : fieldsOf(value)["data"];
  return Array.isArray(list) ? list : [];
};

/** A decimal number out of what is kept: a text, a number, or both halves of one of 64 bits; "" for anything else. */
function digits(value: unknown): string {
  const { low, high } = fieldsOf(value);
  if (typeof low === "number" && typeof high === "number") {
    return String((BigInt(high >>> 0) << BigInt(32)) + BigInt(low >>> 0));
  }
  const text = typeof value === "string" || typeof value === "number" ? String(value) : "";
  return /^\d{1,20}$/.test(text) ? text : "";
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : value ? JSON.stringify(value) : "");

/** A stored message as the core takes it; undefined for what cannot be shown, or was never accepted. */
function past(stored: unknown, unsent: ReadonlySet<string>): object | undefined {
  const { id, from, content, type = "text", ext, status, timestamp, editTimestamp, attach, config } = fieldsOf(stored);
  const number = (TYPES as readonly unknown[]).indexOf(type);
  const [mid, sender, time] = [digits(id), digits(from), digits(timestamp)];
  if (!isId(mid) || unsent.has(mid) || sender === "" || time === "" || number < 0) return undefined;
  return {
    id: mid,
    from: sender,
    time,
    status: status === 1 || status === 2 ? status : 0,
    editedAt: digits(editTimestamp) || "0",
    type: number,
    text: textOf(content),
    attachment: textOf(attach),
    config: textOf(config),
    ext: textOf(ext),
  };
}

function placeOf(group: boolean, id: string): ConversationKey {
  if (group) return conversationKey({ group: id });
  return conversationKey(id === "0" ? { kind: "system", id: "0" as UserId } : { user: id });
}

/** The profile of the former SDK for one application. */
export class TakeOver {
  private readonly stores = storages();
  /** Whose token stands in the storage because of this page. */
  private mirrored: string | undefined;

  constructor(
    private readonly client: FlooClient,
    private readonly appId: string,
  ) {}

  /** Hands the login to the core, so that it can be resumed, or only the device. */
  async adopt(autoLogin: boolean): Promise<void> {
    const uid = digits(this.raw("key_user_id"));
    if (!this.isDue(uid)) return;
    const token = autoLogin && this.raw(STOPPED) === null ? this.raw(`${uid}_key_user_token`) : null;
    const serial = Number(digits(this.value(`${uid}_key_user_device_sn`)));
    await this.client.adopt({
      userId: uid,
      ...(token ? { token } : {}),
      publicKey: this.raw(`${uid}_key_user_aes_key`) ?? "",
      deviceGuid: this.raw(`${uid}_key_user_device_guid`) ?? "",
      deviceSn: serial < 2 ** 31 ? serial : 0,
    });
  }

  /** Hands the account's messages and drafts to the core. What cannot be read is left out. */
  async messages(): Promise<void> {
    const uid = this.client.session?.userId ?? "";
    // What is kept in memory only would be gone with the page, and the old profile not be looked at again.
    if (!this.isDue(uid) || this.client.storage === "memory") return;
    for (const group of [false, true]) {
      const kind = `${uid}_key_${group ? "group" : "roster"}`;
      const sending = listOf(this.value(`${kind}_sending_message`));
      const unsent = new Set(sending.map((meta) => digits(fieldsOf(meta)["id"])));
      for (let part = 0; part < PARTS; part++) {
        const stored = fieldsOf(this.value(`${kind}_message_store_${part}`));
        for (const [id, list] of Object.entries(stored)) {
          await this.conversation(group, id, async (of) => {
            const messages = listOf(list).map((it) => past(it, unsent));
            await this.client.importPast(
              of,
              messages.filter((it) => it !== undefined),
            );
          });
        }
      }
    }
    for (const recent of listOf(this.value(`${uid}_key_recent_store`))) {
      const { id, type, draft } = fieldsOf(recent);
      // It makes a conversation of those that have no messages, too.
      await this.conversation(type === "group", digits(id), (of) =>
        this.client.conversation(of).setDraft(typeof draft === "string" ? draft : ""),
      );
    }
    this.write(this.marker(uid), "1");
  }

  /** Keeps up what pages and older versions look for: who is logged in where, with which token. */
  mirror(token: string | undefined): void {
    if (this.client.storage === "memory") return;
    const uid = this.client.session?.userId;
    if (token === undefined || uid === undefined) {
      // Not deleted, but of no use to anybody.
      if (this.mirrored !== undefined) this.write(`${this.mirrored}_key_user_token`, "", true);
      this.mirrored = undefined;
      return;
    }
    this.mirrored = uid;
    // What stands there from now on is of this version.
    if (!this.isDue(uid)) this.write(this.marker(uid), "1");
    this.write("key_user_id", uid, true);
    this.write("key_app_id", this.appId, true);
    this.write(`${uid}_key_user_token`, token, true);
    this.write(`${uid}_key_user_token_app_id`, this.appId);
  }

  /** One that cannot be taken over does not keep the others from it. */
  private async conversation(
    group: boolean,
    id: string,
    act: (of: ConversationKey) => Promise<unknown>,
  ): Promise<void> {
    try {
      await act(placeOf(group, id));
    } catch (thrown) {
      // Anything but bad data may work the next time.
      if ((thrown as Partial<FlooErrorShape>).code !== "ArgumentInvalid") throw thrown;
      this.client.complain("A conversation of the former SDK could not be taken over", thrown);
    }
  }

  /** There is a profile of that user in this application, and it was not taken over yet. */
  private isDue(uid: string): boolean {
    if (!isId(uid) || this.raw(this.marker(uid)) !== null) return false;
    return (this.raw(`${uid}_key_user_token_app_id`) ?? this.raw("key_app_id")) === this.appId;
  }

  private marker(uid: string): string {
    return `floo_taken_over_${this.appId}_${uid}`;
  }

  private raw(key: string): string | null {
    return this.stores?.tab.getItem(key) ?? this.stores?.local.getItem(key) ?? null;
  }

  private value(key: string): unknown {
    return parseJson(this.raw(key) ?? "");
  }

  private write(key: string, value: string, tabToo = false): void {
    if (!this.stores) return;
    try {
      this.stores.local.setItem(key, value);
      if (tabToo) this.stores.tab.setItem(key, value);
    } catch (thrown) {
      this.client.complain("The page's storage is full or not to be used", thrown);
    }
  }
}
