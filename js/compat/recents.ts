/** The list of recent conversations: that of the client, and what pages put into it on this device. */
import type { FlooClient } from "../client/client.js";
import { nameOf } from "../client/conversation.js";
import type { ConversationInfo, ConversationKey, Message } from "../client/types.js";
import { badArgument } from "../errors.js";
import type { Bus } from "./bus.js";
import { legacyId } from "./convert.js";
import { recordText } from "./rtc.js";
import type { RecentConversation } from "./shapes.js";

/** What a page has said of a conversation. */
interface Own {
  readonly key: ConversationKey;
  /** When it was moved to the front. */
  moved: number;
  timestamp?: number | "";
  draft?: string;
  draftTimestamp?: number | "";
  /** Whether somebody mentioned the user and the page has not consumed that. */
  hasAt?: boolean;
}

const contentOf = (last: Message | null, me: string): string => {
  if (last?.type === "rtc") return recordText(last, me) ?? last.text;
  return last?.type === "text" ? last.text : (last?.type ?? "");
};

export class Recents {
  private readonly own = new Map<string, Own>();
  /** When something was last moved to the front; later each time, also within a millisecond. */
  private latest = 0;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
  ) {}

  /** The latest activity first. */
  list(): RecentConversation[] {
    const me = this.client.session?.userId ?? "";
    const rows = new Map(this.client.conversations.snapshot.map((row) => [nameOf(row.key), row]));
    const entries: Array<[activity: number, entry: RecentConversation]> = [];
    for (const [name, row] of rows) entries.push(entry(row.key, row, this.own.get(name), me));
    for (const [name, own] of this.own) {
      if (own.moved > 0 && !rows.has(name)) entries.push(entry(own.key, undefined, own, me));
    }
    return entries.sort(([a], [b]) => b - a).map(([, it]) => it);
  }

  draft(key: ConversationKey | null): string {
    if (key === null) return "";
    return this.own.get(nameOf(key))?.draft ?? this.row(key)?.draft ?? "";
  }

  /** Keeps a draft. One that is blank makes no conversation. */
  saveDraft(key: ConversationKey, draft: string, timestamp: number | ""): void {
    if (typeof draft !== "string") throw badArgument("draft", "a text");
    const there = this.row(key) !== undefined || this.own.has(nameOf(key));
    if (!there && draft.trim() === "") return;
    const own = this.move(key);
    own.draft = draft;
    own.draftTimestamp = draft === "" ? "" : timestamp === "" ? Date.now() : timestamp;
    this.client
      .conversation(key)
      .setDraft(draft)
      .catch((thrown: unknown) => this.client.complain("The draft could not be kept", thrown));
    this.bus.emit("recentlistUpdate");
  }

  /** Moves a conversation to the front; there need not be one. */
  touch(key: ConversationKey, timestamp: number | ""): void {
    this.move(key).timestamp = timestamp;
    this.bus.emit("recentlistUpdate");
  }

  mentioned(key: ConversationKey): void {
    this.entry(key).hasAt = true;
  }

  consume(key: ConversationKey): void {
    if (!hasAt(this.row(key), this.own.get(nameOf(key)))) return;
    this.move(key).hasAt = false;
    this.bus.emit("recentlistUpdate");
  }

  remove(key: ConversationKey): void {
    this.own.delete(nameOf(key));
  }

  clear(): void {
    this.own.clear();
  }

  private row(key: ConversationKey): ConversationInfo | undefined {
    return this.client.conversations.snapshot.find((row) => nameOf(row.key) === nameOf(key));
  }

  private entry(key: ConversationKey): Own {
    const own = this.own.get(nameOf(key)) ?? { key, moved: 0 };
    this.own.set(nameOf(key), own);
    return own;
  }

  private move(key: ConversationKey): Own {
    const own = this.entry(key);
    this.latest = Math.max(Date.now(), this.latest + 1);
    own.moved = this.latest;
    return own;
  }
}

const hasAt = (row: ConversationInfo | undefined, own: Own | undefined): boolean => own?.hasAt ?? row?.mention === "me";

function entry(
  key: ConversationKey,
  row: ConversationInfo | undefined,
  own: Own | undefined,
  me: string,
): [number, RecentConversation] {
  const last = row?.lastMessage ?? null;
  const time = row?.timestamp ?? 0;
  const touched = own?.timestamp !== undefined && own.moved > time ? own.timestamp : undefined;
  return [
    Math.max(time, own?.moved ?? 0),
    {
      type: key.kind === "group" ? "group" : "roster",
      id: legacyId(key.id),
      content: contentOf(last, me),
      ext: last?.ext ?? "",
      timestamp: touched ?? (time === 0 ? "" : String(time)),
      hasAt: hasAt(row, own),
      draft: own?.draft ?? row?.draft ?? "",
      draftTimestamp: own?.draftTimestamp ?? "",
    },
  ];
}
