// The functions of the previous SDK that ask the cloud, over a fake of `FlooClient.api`.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, test } from "node:test";
import { FACTS, loggedIn, make, settled, sources } from "./compat-fixture.mjs";
import { conversationsTape, raw, until } from "./fake-engine.mjs";

const tables = await sources("js/compat/rest.ts");
const rust = await readFile(new URL("../../src/core/services/table.rs", import.meta.url), "utf8");
/** The parameters of every endpoint, as the core has them. */
const ENDPOINTS = new Map(
  [...rust.matchAll(/^(\w+) (?:GET|POST)\S* \w+ \S+ \S+(.*?)[";]*$/gm)].map(([, name, rest]) => [
    name,
    rest
      .split(" ")
      .filter((word) => word !== "" && !word.startsWith("!"))
      .map((word) => word.replace(/^@/, "").split(":")[0]),
  ]),
);
const MODULES = { rosterManage: "ROSTER", groupManage: "GROUP", userManage: "USER", sysManage: "SYSTEM" };

describe("calls by the table", () => {
  test("every row names an endpoint of the core and its parameters, in no matter which order", () => {
    let rows = 0;
    for (const [module, table] of Object.entries(MODULES)) {
      for (const row of tables[`${table}_CALLS`].split("\n")) {
        const [name, endpoint, ...params] = row.split(" ");
        assert.equal(FACTS.functions[module][name], "async", name);
        assert.deepEqual([...params].sort(), [...(ENDPOINTS.get(endpoint) ?? ["no such endpoint"])].sort(), row);
        rows++;
      }
    }
    assert.ok(rows > 110, String(rows));
  });

  test("a text is a text, also where it has digits only", async () => {
    const { im } = await loggedIn({}, { captchaImagePost: () => "12345", groupPubliclist: () => ["12345"] });
    assert.equal(await im.userManage.asyncCaptchaImagePost(), "12345");
    assert.deepEqual(await im.groupManage.asyncGetPublicList(), [12345]);
  });

  test("each asks its endpoint with its parameters, and leaves out what the cloud does not know", async () => {
    const { im, asked } = await loggedIn();
    for (const [module, table] of Object.entries(MODULES)) {
      for (const row of tables[`${table}_CALLS`].split("\n")) {
        const [name, endpoint, ...params] = row.split(" ");
        const given = Object.fromEntries(params.map((param) => [param, `${param}!`]));
        assert.equal(await im[module][name]({ ...given, stranger: 1 }), true, row);
        assert.deepEqual(asked.at(-1), [endpoint, given]);
      }
    }
  });

  test("a bare value is the first parameter; nothing is nothing", async () => {
    const { im, asked } = await loggedIn();
    await im.groupManage.asyncGetInfo(9);
    await im.userManage.asyncGetProfile(true);
    await im.groupManage.asyncGetInvitationList();
    await im.rosterManage.asyncGetApplyList({ cursor: "", limit: undefined });
    assert.deepEqual(asked.slice(-4), [
      ["groupInfo", { group_id: 9 }],
      ["userProfile", {}],
      ["groupInvitationlist", {}],
      ["rosterApplylist", { cursor: "" }],
    ]);
  });

  test("ids come as numbers where one can hold them, lists without their pages, texts as they are", async () => {
    const items = [{ group_id: "9", inviter_id: "18446744073709551615", reason: "5", image_id: "7" }];
    const { im } = await loggedIn(
      {},
      {
        groupInvitationlist: () => ({ items, cursor: "x", total: 1 }),
        groupUserjoined: () => ["9", "10"],
        captchaImagePost: () => "abc",
        groupCreate: () => ({ group_id: "9", owner_id: "1", name: "123", admin: { user_id: "2" } }),
      },
    );
    assert.deepEqual(await im.groupManage.asyncGetInvitationList(), [
      { group_id: 9, inviter_id: "18446744073709551615", reason: "5", image_id: "7" },
    ]);
    assert.deepEqual(await im.groupManage.asyncGetUserJoined(), [9, 10]);
    assert.equal(await im.userManage.asyncCaptchaImagePost(), "abc");
    assert.deepEqual(await im.groupManage.asyncCreate({ name: "123" }), {
      group_id: 9,
      owner_id: 1,
      name: "123",
      admin: { user_id: 2 },
    });
  });

  test("the cloud's refusals are plain objects, other errors what they are", async () => {
    const { core, im } = await loggedIn();
    core.answers.api = () => {
      throw raw("UserAuthFailed", "http", "code 11001: Operation rejected");
    };
    const refused = await im.groupManage.asyncLeave({ group_id: 9 }).catch((thrown) => thrown);
    assert.deepEqual([refused.code, refused.message, refused.url], [11001, "Operation rejected", "groupLeave"]);
    core.answers.api = () => {
      throw raw("ArgumentInvalid", "argument", "`group_id` is missing");
    };
    await assert.rejects(im.groupManage.asyncLeave(), { name: "FlooError", code: "ArgumentInvalid" });
  });
});

describe("cards", () => {
  const wire = { user_id: "5", username: "eve", nick_name: "Eve", avatar: "e", relation: 2 };

  test("of users: from the cloud once, then from here", async () => {
    const { im, asked, heard } = await loggedIn(
      {},
      { rosterListPost: ({ list }) => (list.includes(77) ? [] : [wire]) },
    );
    const { rosterManage: roster } = im;
    heard.length = 0;
    assert.equal((await roster.asyncGetRosterInfo(2)).username, "basil");
    assert.deepEqual([asked, heard], [[], []]);
    assert.deepEqual(await roster.asyncGetRosterInfo(5), { ...wire, user_id: 5 });
    assert.deepEqual(heard, [["onRosterInfoUpdate", [5]]]);
    assert.equal(roster.getRosterInfo("5").nick_name, "Eve");
    assert.deepEqual(await roster.asyncGetRosterInfo(77), {});
    assert.equal(await roster.asnycGetRosterListDetailByIds([2, 5]), undefined);
    assert.deepEqual(await roster.asnycGetRosterListDetailByIds([]), {});
    assert.deepEqual(await roster.asnycGetRosterListDetailByIds([2, 6]), [{ ...wire, user_id: 5 }]);
    assert.deepEqual(asked.at(-1), ["rosterListPost", { list: [6] }]);
    assert.deepEqual(Object.keys(roster.getAllRosterDetail()), ["2", "5", "8"]);
    assert.equal(make().im.rosterManage.getAllRosterDetail(), undefined);
  });

  test("the list of contacts, the own profile, a contact less", async () => {
    const { im, asked, heard } = await loggedIn(
      {},
      {
        rosterList: () => ({ items: ["2", "3"], cursor: null }),
        userProfile: () => ({ user_id: "1", username: "amber" }),
      },
    );
    const { rosterManage: roster } = im;
    assert.deepEqual([await roster.asyncGetRosterIdList(), await roster.asyncGetRosterIdList(true)], [[2], [2, 3]]);
    assert.deepEqual(await roster.asyncGetUserProfile(), { user_id: 1, username: "amber" });
    await roster.asyncGetUserProfile();
    assert.equal(asked.filter(([name]) => name === "userProfile").length, 1);
    heard.length = 0;
    assert.equal(await roster.asyncDeleteRoster({ user_id: 2 }), true);
    assert.deepEqual(heard, [["onRosterListUpdate", undefined]]);
    assert.deepEqual(asked.at(-1), ["rosterDelete", { user_id: 2 }]);
  });

  test("of groups", async () => {
    const card = { group_id: "9", name: "Team", owner_id: "1", read_ack: false };
    const { im, asked } = await loggedIn({}, { groupInfo: () => card, groupInfoBatch: () => [card] });
    const { groupManage: group } = im;
    assert.equal((await group.asyncGetGroupInfo(9)).owner_id, 1);
    await group.asyncGetGroupInfo("9");
    assert.equal(asked.length, 1);
    await group.asyncGetGroupInfo(9, true);
    assert.equal(asked.length, 2);
    assert.deepEqual(await group.asyncGetGroupListDetail([]), {});
    assert.equal((await group.asyncGetGroupListDetail([9]))[0].read_ack, false);
    assert.deepEqual(asked.at(-1), ["groupInfoBatch", { group_list: [9] }]);
    assert.deepEqual(Object.keys(group.getAllGroupDetail()), ["9"]);
    assert.equal((await group.asyncGetJoinedGroups())[0].read_ack, false);
  });

  test("members: the ids of the first page at once, then names", async () => {
    const { im, heard, asked } = await loggedIn(
      {},
      {
        groupMemberlist: () => ({ items: [{ user_id: "2", join_time: 5 }, { user_id: "5" }], cursor: "more" }),
        groupMembersDidpayname: () => [{ user_id: "2", display_name: "B" }],
        rosterListPost: () => [wire],
      },
    );
    const { groupManage: group } = im;
    assert.deepEqual(group.getGroupMembers(9), []);
    heard.length = 0;
    // The documentation has a second argument, which never was one.
    assert.deepEqual(await group.asyncGetGroupMembers(9, true), [2, 5]);
    await settled();
    assert.deepEqual(asked.slice(-3), [
      ["groupMemberlist", { group_id: 9 }],
      ["groupMembersDidpayname", { group_id: 9, user_list: [2, 5] }],
      ["rosterListPost", { list: [5] }],
    ]);
    assert.deepEqual(heard, [
      ["onGroupMemberChanged", 9],
      ["onRosterListUpdate", undefined],
      ["onGroupMemberChanged", 9],
    ]);
    assert.deepEqual(group.getGroupMembers("9"), [
      { user_id: 2, join_time: 5, display_name: "B", has_nick: true, username: "basil", avatar: "" },
      { user_id: 5, display_name: "Eve", has_nick: false, username: "eve", avatar: "e" },
    ]);
    group.openGroup(9);
    await settled();
    assert.equal(heard.length, 5);
  });

  test("openGroup says nowhere but in the log that it failed", async () => {
    const { core, im, heard } = await loggedIn();
    const errors = [];
    im.client.on("error", ({ error }) => errors.push(error.code));
    core.answers.api = () => {
      throw raw("ServerTimeOut", "http");
    };
    heard.length = 0;
    im.groupManage.openGroup(9);
    await until(() => errors.length === 1);
    assert.deepEqual(heard, []);
  });
});

describe("addresses", () => {
  test("of pictures and files: only the cloud's own hosts get the token", async () => {
    const { im } = await loggedIn();
    await until(() => im.isAppInfoReady());
    const { sysManage: sys } = im;
    const own = "access-token=secret-token&app_id=app";
    assert.equal(im.userManage.getToken(), "secret-token");
    assert.deepEqual(
      [
        sys.getImage({}),
        sys.getImage({ type: "group" }),
        sys.getImage({ sdefault: "/d.png" }),
        sys.getImage({ avatar: "/a.png" }),
        sys.getImage({ avatar: "a b" }),
        sys.getImage({ avatar: "https://ratel.test/x?y=1", thumbnail: false }),
        sys.getImage({ avatar: "https://elsewhere.test/x" }),
        sys.getImage({ avatar: "https://ratel.test.evil.test/x", thumbnail: false }),
        sys.getChatFile({}),
        sys.getChatFile({ url: "https://ratel.test/x", params: { image_type: 3 } }),
        sys.getAudio({ url: "https://ratel.test/x?y=1" }),
      ],
      [
        "/image/roster.png",
        "/image/group.png",
        "/d.png",
        "/a.png",
        `https://ratel.test/file/download/avatar?object_name=a%20b&image_type=2&${own}`,
        `https://ratel.test/x?y=1&${own}`,
        "https://elsewhere.test/x?image_type=2",
        "https://ratel.test.evil.test/x",
        "",
        `https://ratel.test/x?image_type=3&${own}`,
        `https://ratel.test/x?y=1&format=mp3&${own}`,
      ],
    );
  });

  test("links", async () => {
    const { im, asked } = await loggedIn({}, { parseLink: () => ({ uid: "5", app_id: "7" }) });
    assert.deepEqual(await im.sysManage.aysncParseLinkV2("https://l.test/a"), { uid: 5, app_id: "7" });
    await im.sysManage.aysncParseLink("https://s.test/info", { link: "x" });
    assert.deepEqual(asked.slice(-2), [
      ["parseLink", { link: "https://l.test/a" }],
      ["parseLink", { link: "x", server: "https://s.test" }],
    ]);
  });

  test("uploads go where they belong", async () => {
    const { core, im } = await loggedIn();
    const calls = [];
    const { files } = im.client;
    files.upload = async (_, to, { kind }) => {
      calls.push(["upload", to, kind]);
      return { url: "u" };
    };
    files.uploadAvatar = async () => ({ url: "a" });
    files.uploadGroupAvatar = async (_, group) => ({ url: `g${group}` });
    const put = (more) => im.sysManage.asyncFileUpload({ file: {}, ...more });
    assert.deepEqual(await put({ toType: "rosterAvatar" }), { url: "a" });
    assert.deepEqual(await put({ toType: "groupAvatar", group_id: 9 }), { url: "g9" });
    await put({ toType: "chat", fileType: "audio-mp3", chatType: "roster", to_id: 2 });
    await put({ toType: "chat", fileType: "shareImage", chatType: "group", group_id: 9 });
    assert.deepEqual(calls, [
      ["upload", { user: 2 }, "audio"],
      ["upload", { group: 9 }, "image"],
    ]);
    await assert.rejects(put({ toType: "moon" }), { code: "ArgumentInvalid", message: /toType/ });
    await assert.rejects(put({ toType: "chat", toId: 2 }), { code: "ArgumentInvalid", message: /to_id or group_id/ });
    await assert.rejects(im.sysManage.asyncFileUpload(), { code: "ArgumentInvalid" });
    assert.equal(await im.sysManage.downloadAudio({ url: "" }), "");
    assert.equal(core.engines.length, 1);
  });
});

describe("recent conversations", () => {
  const rows = () => [
    "conversations",
    conversationsTape(
      { id: "2", timestamp: 7, last: { id: "5", text: "hi", ext: "e" } },
      {
        kind: 2,
        id: "9",
        timestamp: 9,
        mention: "me",
        last: { id: "6", type: 8, text: "65000", config: '{"action":"record"}' },
      },
    ),
  ];
  const list = (im) => im.userManage.getConversationList().map((it) => [it.id, it.draft]);

  test("drafts and touches put a conversation in front", async () => {
    const { core, im, say, heard } = await loggedIn();
    core.answers.setLocal = () => undefined;
    await say(rows());
    assert.deepEqual(im.userManage.getConversationList(), [
      {
        type: "group",
        id: 9,
        content: "通话时长 01:05",
        ext: "",
        timestamp: "9",
        hasAt: true,
        draft: "",
        draftTimestamp: "",
      },
      { type: "roster", id: 2, content: "hi", ext: "e", timestamp: "7", hasAt: false, draft: "", draftTimestamp: "" },
    ]);
    const { sysManage: sys } = im;
    heard.length = 0;
    sys.saveConversationDraft(2, "roster", "hello", 77);
    assert.deepEqual(heard, [["recentlistUpdate", undefined]]);
    assert.deepEqual(list(im), [
      [2, "hello"],
      [9, ""],
    ]);
    assert.equal(im.userManage.getConversationList()[0].draftTimestamp, 77);
    assert.deepEqual(core.commands.at(-1), ["setLocal", { kind: 1, of: "2", draft: "hello" }]);
    assert.equal(sys.getConversationDraft("2", "roster"), "hello");
    assert.equal(sys.getConversationDraft(9, "group"), "");
    sys.saveConversationDraft(55, "roster", "  ");
    assert.equal(list(im).length, 2);
    sys.touchConversation(55, "roster", 123);
    const [first] = im.userManage.getConversationList();
    assert.deepEqual([first.id, first.timestamp, first.content], [55, 123, ""]);
    assert.throws(() => sys.saveConversationDraft(2, "roster", 5), { code: "ArgumentInvalid", message: /draft/ });
    im.groupManage.consumeGroupAtStatus(9);
    assert.equal(im.userManage.getConversationList().find((it) => it.id === 9).hasAt, false);
  });

  test("searching finds contacts by user name and groups by name", async () => {
    const { im } = await loggedIn();
    assert.deepEqual(im.sysManage.makeSearch("BAS"), {
      rosterArr: [{ user_id: 2, username: "basil", avatar: "" }],
      groupArr: [],
    });
    assert.deepEqual(im.sysManage.makeSearch("tea"), { rosterArr: [], groupArr: [{ group_id: 9, name: "Team" }] });
  });
});
