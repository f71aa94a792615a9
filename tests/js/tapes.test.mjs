// Tapes: what the core writes (tapes.json, which a test in src/bindings/view.rs holds up to date), this side reads.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { sources } from "./bundle.mjs";
import {
  conversationsTape,
  groupsTape,
  messagesTape,
  noticesTape,
  raw,
  updatesTape,
  usersTape,
} from "./fake-engine.mjs";

const js = await sources("js/tape.ts", "js/errors.ts");
const golden = JSON.parse(await readFile(new URL("tapes.json", import.meta.url), "utf8"));

const MAX = "18446744073709551615";
const message = {
  conversation: { kind: "group", id: "9" },
  id: MAX,
  key: "77",
  clientId: "77",
  from: "3",
  outgoing: true,
  type: "image",
  text: "你好 👋",
  attachment: {
    type: "image",
    url: "https://x.test/a",
    name: "a.png",
    size: 5,
    width: 0,
    height: 0,
    thumbnailUrl: "",
    duration: 0,
    raw: { url: "https://x.test/a", dName: "a.png", fLen: 5 },
  },
  attachmentText: '{"url":"https://x.test/a","dName":"a.png","fLen":5}',
  config: { mentionList: [MAX], groupMemberList: [4] },
  configText: `{"mentionList":[${MAX}],"groupMemberList":[4]}`,
  mentions: [MAX],
  mentionAll: false,
  readReceiptsFrom: ["4"],
  ext: "ext",
  senderName: "Amber",
  priority: 6,
  timestamp: 1_700_000_000_001,
  editedAt: 1_700_000_000_002,
  status: "failed",
  delivered: true,
  read: false,
  played: true,
  patched: false,
  mentioned: "me",
  error: js.shapeOf(raw("MessageCensored", "frame", "why 👋")),
};
const plain = { ...message, key: MAX, clientId: null, mentioned: "all", error: null };

describe("the golden tapes", () => {
  const cases = {
    messages: [js.readMessages, [message, plain]],
    conversations: [
      js.readConversations,
      [
        {
          key: { kind: "user", id: "2" },
          title: "title",
          avatar: "avatar",
          unread: 3,
          mention: "all",
          timestamp: 4,
          lastMessage: plain,
          draft: "draft",
          extension: "extension",
          pinned: true,
          muted: false,
        },
        {
          key: { kind: "system", id: "0" },
          title: "0",
          avatar: "",
          unread: 0,
          mention: "none",
          timestamp: 0,
          lastMessage: null,
          draft: "",
          extension: "",
          pinned: false,
          muted: true,
        },
      ],
    ],
    users: [
      js.readUsers,
      [
        {
          id: "2",
          username: "username",
          displayName: "alias",
          nickname: "nickname",
          alias: "alias",
          avatar: "avatar",
          isContact: true,
        },
      ],
    ],
    groups: [js.readGroups, [{ id: "9", name: "name", avatar: "avatar", ownerId: "3", memberCount: 4 }]],
    updates: [
      js.readUpdates,
      [
        {
          change: "append",
          conversation: { kind: "user", id: "2" },
          target: "5",
          by: "6",
          operation: "7",
          text: "text",
          config: "config",
          ext: "ext",
          timestamp: 8,
          message: plain,
        },
        {
          change: "status",
          conversation: { kind: "user", id: "2" },
          target: null,
          by: null,
          operation: null,
          text: "text",
          config: "config",
          ext: "ext",
          timestamp: 8,
          message: null,
        },
      ],
    ],
    notices: [
      js.readNotices,
      [
        {
          id: "1",
          kind: "group",
          type: "invited",
          typeNumber: 10,
          group: "9",
          from: "3",
          to: ["4", MAX],
          content: "content",
          timestamp: 5,
          kept: true,
        },
      ],
    ],
    keys: [
      js.readKeys,
      [
        { kind: "user", id: "2" },
        { kind: "group", id: "9" },
      ],
    ],
    receipts: [js.readReceipts, { delivered: ["1", "2"], read: ["1"], played: [], unread: [MAX] }],
  };
  test("all of them are read here", () => assert.deepEqual(Object.keys(golden).sort(), Object.keys(cases).sort()));
  for (const [name, [read, expected]] of Object.entries(cases)) {
    test(name, () => assert.deepEqual(read(golden[name]), expected));
  }

  test("the tapes that other tests make have the same form", () => {
    const { text, attachmentText, configText, ext, senderName, priority, timestamp, editedAt, mentioned } = message;
    const error = raw("MessageCensored", "frame", "why 👋");
    const texts = { text, attachment: attachmentText, config: configText, ext, senderName };
    const head = { kind: 2, with: "9", id: MAX, from: "3", outgoing: true, type: 1, status: "failed" };
    const row = { ...head, ...texts, priority, timestamp, editedAt, delivered: true, played: true };
    const bare = { ...row, mentioned: "all", untyped: true };
    const op = { with: "2", text: "text", config: "config", ext: "ext", timestamp: 8 };
    const made = {
      messages: messagesTape({ ...row, clientId: "77", mentioned, error }, bare),
      conversations: conversationsTape(
        {
          id: "2",
          title: "title",
          avatar: "avatar",
          unread: 3,
          mention: "all",
          timestamp: 4,
          last: bare,
          draft: "draft",
          extension: "extension",
          pinned: true,
        },
        { kind: 0, id: "0", muted: true },
      ),
      updates: updatesTape(
        { ...op, change: "append", target: "5", by: "6", operation: "7", message: bare },
        { ...op, change: "status" },
      ),
      notices: noticesTape({
        id: "1",
        group: "9",
        from: "3",
        to: ["4", MAX],
        content: "content",
        timestamp: 5,
        kept: true,
      }),
    };
    for (const [name, [ascii, wide, numbers]] of Object.entries(made)) {
      assert.deepEqual([ascii, wide, [...numbers]], golden[name], name);
    }
  });
});

describe("tapes of a newer core", () => {
  test("a message without a kind of its own is told apart", () => {
    const [typed, untyped] = js.readMessages(messagesTape({ id: "5" }, { id: "6", untyped: true }));
    assert.deepEqual([js.isUntyped(typed), js.isUntyped(untyped)], [false, true]);
  });

  test("numbers without a meaning", () => {
    const [message] = js.readMessages(messagesTape({ with: "0", kind: 0, id: "5", from: "0", type: 42 }));
    assert.deepEqual([message.conversation, message.type], [{ kind: "system", id: "0" }, "unknown"]);
    assert.equal(js.readUpdates(updatesTape({ number: 99, target: "5" }))[0].change, "unknown");
    const [group, user, other] = js.readNotices(
      noticesTape({ id: "1", type: 99 }, { id: "2", kind: 4, type: 4 }, { id: "3", kind: 7, type: 1 }),
    );
    assert.deepEqual([group.kind, group.type, group.typeNumber, group.group], ["group", "unknown", 99, null]);
    assert.deepEqual([user.kind, user.type], ["account", "kicked-by-same-device"]);
    assert.deepEqual([other.kind, other.type, other.typeNumber], ["unknown", "unknown", 1]);
  });

  test("nothing at all", () => {
    assert.deepEqual(js.readMessages(messagesTape()), []);
    assert.deepEqual(js.readUsers(usersTape()), []);
    assert.deepEqual(js.readGroups(groupsTape()), []);
  });
});
