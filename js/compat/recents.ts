/** The list of conversations, with what only this object knows: what was put to the front, and who was looked at. */
import type { FlooClient } from "../client/client.js";
import { nameOf } from "../client/conversation.js";
import type { ConversationInfo, ConversationKey } from "../client/types.js";
import type { Bus } from "./bus.js";
import { legacyId, recentConversation } from "./convert.js";
import type { Places } from "./places.js";
import type { RecentConversation } from "./shapes.js";

type Id = number | string;

interface Own {
  readonly key: ConversationKey;
  /** Undefined when it was not touched here: then the client has it. */
  draft?: string;
  draftTimestamp: number | "";
  /** When it was put to the front; 0 when it was not. */
  moved: number;
  /** What the page gave as the time of it. */
  forced: number | "";
  /** The time of the row when the page had seen who is called on. */
  seen: number;
}

export class Recents {
  private readonly own = new Map<string, Own>();
  /** When something was last put to the front; each time another. */
  private latest = 0;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    private readonly places: Places,
  ) {
    client.on("conversations", () => bus.emit("recentlistUpdate"));
    client.on("conversation:removed", ({ conversation }) => this.own.delete(nameOf(conversation)));
  }

  list(): RecentConversation[] {
    const rows = new Map(this.client.conversations.snapshot.map((row) => [nameOf(row.key), row]));
    const listed = [...rows.values()].map((row) => ({ at: this.at(row), shown: this.show(row) }));
    for (const [name, own] of this.own) {
      if (!rows.has(name) && own.moved > 0) listed.push({ at: own.moved, shown: this.empty(own) });
    }
    return listed.sort((a, b) => b.at - a.at).map(({ shown }) => shown);
  }

  draft(id: Id, type: string): string {
    const key = this.places.known(id, type === "group");
    if (key === null) return "";
    return this.own.get(nameOf(key))?.draft ?? this.row(key)?.draft ?? "";
  }

  saveDraft(id: Id, type: string, draft: string, forced: number | "" = ""): void {
    const text = String(draft ?? "");
    const known = this.own.has(nameOf(this.key(id, type))) || this.row(this.key(id, type)) !== undefined;
    if (!known && text.trim() === "") return;
    const own = this.front(id, type);
    own.draft = text; // at once; the client has it a little later
    const failed = (thrown: unknown): void => this.client.complain("The draft could not be kept", thrown);
    this.client.conversation(own.key).setDraft(text).catch(failed);
    own.draftTimestamp = forced === "" ? Date.now() : forced;
    this.bus.emit("recentlistUpdate");
  }

  touch(id: Id, type: string, forced: number | "" = ""): void {
    this.front(id, type).forced = forced;
    this.bus.emit("recentlistUpdate");
  }

  /** The page has seen who is called on in a group. */
  consumeAt(gid: Id): void {
    const row = this.row(this.places.group(gid));
    if (!row || !this.show(row).hasAt) return;
    this.ownOf(row.key).seen = row.timestamp;
    this.bus.emit("recentlistUpdate");
  }

  clear(): void {
    this.own.clear();
  }

  private key(id: Id, type: string): ConversationKey {
    return this.places.of(id, type === "group");
  }

  private row(key: ConversationKey): ConversationInfo | undefined {
    return this.client.conversations.snapshot.find((row) => nameOf(row.key) === nameOf(key));
  }

  private ownOf(key: ConversationKey): Own {
    const made: Own = { key, draftTimestamp: "", moved: 0, forced: "", seen: 0 };
    const own = this.own.get(nameOf(key)) ?? made;
    this.own.set(nameOf(key), own);
    return own;
  }

  private front(id: Id, type: string): Own {
    const own = this.ownOf(this.key(id, type));
    this.latest = Math.max(Date.now(), this.latest + 1);
    own.moved = this.latest;
    return own;
  }

  private at(row: ConversationInfo): number {
    return Math.max(row.timestamp, this.own.get(nameOf(row.key))?.moved ?? 0);
  }

  private show(row: ConversationInfo): RecentConversation {
    const own = this.own.get(nameOf(row.key));
    const shown = { ...recentConversation(row), hasAt: row.mention === "me", draft: row.draft };
    if (!own) return shown;
    const { draft = row.draft, draftTimestamp, forced, moved, seen } = own;
    return {
      ...shown,
      draft,
      draftTimestamp,
      hasAt: shown.hasAt && row.timestamp > seen,
      ...(forced !== "" && moved >= row.timestamp ? { timestamp: forced } : {}),
    };
  }

  private empty({ key, draft = "", draftTimestamp, forced }: Own): RecentConversation {
    return {
      type: key.kind === "group" ? "group" : "roster",
      id: legacyId(key.id),
      content: "",
      ext: "",
      timestamp: forced,
      hasAt: false,
      draft,
      draftTimestamp,
    };
  }
}
