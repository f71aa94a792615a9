/** What happens to messages, in the words of the former SDK (xsync 6.5). */
import { nameOf } from "../client/conversation.js";
import { compareIds } from "../client/ids.js";
import type { MessageChange } from "../client/types.js";
import type { RawUpdate } from "../tape.js";
import type { Archive } from "./archive.js";
import { customerMessage, editDetails, legacyId } from "./convert.js";

type Emit = (event: string, payload?: unknown) => void;

/** Numbers of the operations (`STATIC_MESSAGE_OPTYPE`). */
const OPERATIONS: { readonly [C in MessageChange | "unknown"]?: number } = {
  unknown: 0,
  read: 1,
  unread: 3,
  delivered: 4,
  recall: 5,
  delete: 6,
  played: 7,
  append: 8,
  replace: 9,
};

/** The operation as `onActionMessage` gives it, with decimal text where 64-bit objects were. */
function rawOperation(update: RawUpdate, me: string): object {
  const { conversation, text, config, ext } = update;
  const from = { uid: update.by ?? me, deviceSN: 0 };
  const to = { uid: conversation.id, deviceSN: 0 };
  return {
    id: update.operation ?? "0",
    from,
    to,
    timestamp: String(update.timestamp),
    ns: 1,
    payload: {
      type: 1,
      from,
      to,
      content: text,
      operation: { type: OPERATIONS[update.change] ?? 0, mid: update.target, xid: to },
      config,
      ext,
    },
  };
}

/** Keeps the archive as the client has it, and tells. */
export function tellUpdate(update: RawUpdate, me: string, archive: Archive, emit: Emit): void {
  const { change, conversation, target, message, by } = update;
  if (target === null) return; // of the outbox only
  const name = nameOf(conversation);
  const before = archive.get(name, target);
  const uid = conversation.id;
  const mid = target;
  const copy = message && customerMessage(message, me);
  if (change === "recall" || change === "delete") archive.remove(name, target);
  else if (copy && before) archive.add(name, [copy]);
  else if (change === "read" && by === me) {
    archive.mark(name, 2, (it) => it.from !== me && compareIds(it.id, target) <= 0);
  }
  if (change === "status") {
    emit("onMessageStatusChanged", { uid, mid });
    return;
  }
  const edit = change === "append" || change === "replace";
  if (edit && copy) {
    const kind = conversation.kind === "group" ? "onGroupMessage" : "onRosterMessage";
    const event = kind + (change === "append" ? "ContentAppend" : "Replace");
    emit(event, { ...copy, ...editDetails(update, before?.content) });
  } else if (change === "recall") emit("onMessageRecalled", { uid, mid });
  else if (change === "delete") emit("onMessageDeleted", { uid: legacyId(uid), mid });
  else if (change === "unread") emit("onMessageCanceled", { uid, mid });
  if (change !== "unknown" && !(edit && !copy)) {
    emit("onMessageStatusChanged", { uid, mid });
    emit("onUnreadChange", uid);
  }
  emit("onActionMessage", rawOperation(update, me));
}
