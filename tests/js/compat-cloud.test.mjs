// Functions of the legacy facade that ask the cloud, and the getters over what it has told.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { conversationsTape, listsTape, raw, until, usersTape } from "./fake-engine.mjs";
import { loggedIn, make } from "./legacy.mjs";

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A logged-in object on a cloud that answers by endpoint. */
async function start(answers, config, events) {
  const made = await loggedIn(config, events);
  const asked = [];
  made.core.answers.api = ({ endpoint, params }) => {
    asked.push([endpoint, JSON.parse(params)]);
    const answer = answers[endpoint];
    if (typeof answer === "function") return JSON.stringify(answer(JSON.parse(params)));
    return JSON.stringify(answer ?? null);
  };
  made.heard.length = 0;
  return { ...made, asked };
}

describe("calls of the HTTP API", () => {
  test("parameters go out under their names, numbers as numbers, others are left out", async () => {
    const { im, asked } = await start({});
    const given = { group_id: 9, duration: "30", user_list: [2], "access-token": "x", version: undefined };
    await im.groupManage.asyncGroupBab(given);
    await im.userManage.asyncUpdateNickName({ nick_name: "007" });
    await im.groupManage.asyncGetUserJoined();
    assert.deepEqual(asked, [
      ["groupBab", { group_id: 9, duration: 30, user_list: [2] }],
      ["userNickname", { nick_name: "007" }],
      ["groupUserjoined", {}],
    ]);
    assert.equal(given.duration, "30", "the caller's object stays as it was");
    await assert.rejects(im.groupManage.asyncKick("9"), { code: "ArgumentInvalid", message: /params/ });
  });

  test("ids are numbers again where numbers can hold them, texts stay texts; of a page there are the items", async () => {
    const { im } = await start({
      rosterApplylist: { items: [{ user_id: "5", reason: "12" }], cursor: "next" },
      rosterBlockedlist: ["5", "18446744073709551615"],
      groupInfo: { group_id: "9", name: "77", owner_id: "1" },
      captchaImagePost: "12345",
      captchaSms: { image_id: "123" },
    });
    assert.deepEqual(await im.rosterManage.asyncGetApplyList({ cursor: "" }), [{ user_id: 5, reason: "12" }]);
    assert.deepEqual(await im.rosterManage.asyncGetBlockedlist(), [5, "18446744073709551615"]);
    assert.deepEqual(await im.groupManage.asyncGetInfo({ group_id: 9 }), { group_id: 9, name: "77", owner_id: 1 });
    assert.equal(await im.userManage.asyncCaptchaImagePost(), "12345");
    assert.deepEqual(await im.userManage.asyncCaptchaSms({}), { image_id: "123" });
  });

  test("a refusal has the cloud's own number and words; other errors are those of this package", async () => {
    const { core, im } = await start({});
    core.answers.api = () => {
      throw raw("UserPermissionDenied", "http", "code 10005: not (yet) allowed");
    };
    const refused = await im.groupManage.asyncDestroy({ group_id: 9 }).catch((thrown) => thrown);
    const { url, code, message, error } = refused;
    assert.deepEqual([url, code, message, error.name], ["groupDestroy", 10005, "not (yet) allowed", "FlooError"]);
    core.answers.api = () => {
      throw raw("ServerNotReachable", "http", "no network");
    };
    await assert.rejects(im.groupManage.asyncDestroy({ group_id: 9 }), { code: "ServerNotReachable" });
  });
});

describe("cards", () => {
  const basil = { user_id: "8", username: "xenia", nick_name: "X", ext: "e", description: "d" };

  test("of users are asked for once, kept, and told", async () => {
    const { core, im, asked, heard } = await start({ rosterListPost: [basil] }, {}, ["onRosterInfoUpdate"]);
    const { rosterManage } = im;
    assert.deepEqual(await rosterManage.asnycGetRosterListDetailByIds([]), {});
    assert.equal(await rosterManage.asnycGetRosterListDetailByIds([2]), undefined);
    const [found] = await rosterManage.asnycGetRosterListDetailByIds([2, 77]);
    assert.deepEqual([found.user_id, found.ext], [8, "e"]);
    assert.deepEqual(asked, [["rosterListPost", { list: [77] }]]);
    assert.deepEqual(heard.at(-1), ["onRosterInfoUpdate", [77]]);
    assert.equal((await rosterManage.asyncGetRosterInfo("8", true)).description, "d");
    assert.deepEqual(
      [
        rosterManage.getRosterInfo("8").ext,
        rosterManage.getRosterInfo("8").relation,
        rosterManage.getAllRosterDetail()[8].ext,
      ],
      ["e", 2, "e"],
    );
    assert.equal((await rosterManage.asyncGetRosterInfo(2)).nick_name, "Bas");
    assert.equal(asked.length, 2);
    core.engine.say(["users", usersTape({ id: "8", username: "xavier", isContact: false })]);
    await turn();
    const { username, nick_name, ext } = rosterManage.getRosterInfo(8);
    assert.deepEqual([username, nick_name, ext], ["xavier", "", "e"], "what is heard later counts");
  });

  test("one that the cloud does not know is an empty object", async () => {
    const { im } = await start({ rosterListPost: [] });
    assert.deepEqual(await im.rosterManage.asyncGetRosterInfo(77), {});
  });

  test("the profile is asked for once", async () => {
    const { im, asked } = await start({ userProfile: { user_id: "1", username: "amber" } });
    const { asyncGetUserProfile } = im.rosterManage;
    assert.deepEqual(await asyncGetUserProfile(), await asyncGetUserProfile());
    await asyncGetUserProfile(true);
    assert.equal(asked.length, 2);
  });

  test("of groups, with members and their names", async () => {
    const { core, im, asked, heard } = await start(
      {
        groupInfo: { group_id: "9", name: "Team", read_ack: true },
        groupInfoBatch: [{ group_id: "9", owner: "1" }],
        groupMemberlist: ({ cursor }) =>
          cursor
            ? { items: [{ user_id: "8" }], cursor: null }
            : { items: [{ user_id: "1" }, { user_id: "2", display_name: "B." }], cursor: "c" },
        rosterListPost: [basil],
      },
      {},
      ["onGroupMemberChanged"],
    );
    const { groupManage } = im;
    assert.equal((await groupManage.asyncGetGroupInfo(9)).read_ack, true);
    await groupManage.asyncGetGroupInfo("9");
    assert.equal(asked.length, 1, "known");
    assert.deepEqual(await groupManage.asyncGetGroupListDetail([]), {});
    await groupManage.asyncGetGroupListDetail([9]);
    assert.deepEqual(
      [groupManage.getAllGroupDetail()[9].read_ack, groupManage.getAllGroupDetail()[9].owner],
      [true, 1],
    );
    assert.deepEqual(groupManage.getGroupMembers(9), []);
    assert.deepEqual(await groupManage.asyncGetGroupMembers(9), [1, 2, 8]);
    await until(() => heard.filter(([event]) => event === "onGroupMemberChanged").length === 2);
    assert.deepEqual(
      groupManage.getGroupMembers(9).map((it) => [it.user_id, it.display_name, it.has_nick, it.username]),
      [
        [1, "1", false, ""],
        [2, "B.", true, "basil"],
        [8, "X", false, "xenia"],
      ],
    );
    // All known members are to tell when they have read what is sent there.
    im.sysManage.sendGroupMessage({ gid: 9, content: "hi" });
    assert.equal(core.commands.at(-1)[1].config, '{"groupMemberList":[2,8]}');
    core.engine.say(["members", "9", listsTape(["7"], ["2"], [])]);
    await turn();
    assert.deepEqual(
      groupManage.getGroupMembers(9).map((it) => it.user_id),
      [1, 8, 7],
    );
    core.answers.api = () => {
      throw raw("UserPermissionDenied");
    };
    const complaints = [];
    im.client.on("error", ({ error }) => complaints.push(error.code));
    groupManage.openGroup(9);
    await until(() => complaints.length === 1);
  });

  test("search looks at names of contacts and groups", async () => {
    const { im } = await start({});
    assert.deepEqual(im.sysManage.makeSearch("as"), {
      rosterArr: [{ user_id: 2, username: "basil", avatar: "" }],
      groupArr: [],
    });
    assert.deepEqual(im.sysManage.makeSearch("Te").groupArr, [{ group_id: 9, name: "Team" }]);
  });
});

describe("the list of conversations", () => {
  async function listed() {
    const made = await start({});
    made.core.engine.say([
      "conversations",
      conversationsTape(
        { id: "2", timestamp: 7, last: { id: "5", text: "hi" } },
        { kind: 2, id: "9", timestamp: 9, mention: "me", last: { id: "6", type: 1 } },
      ),
    ]);
    await turn();
    made.heard.length = 0;
    return made;
  }
  const ids = (im) => im.userManage.getConversationList().map((row) => row.id);

  test("drafts are kept and put a conversation to the front", async () => {
    const { im, heard } = await listed();
    const { getConversationDraft, saveConversationDraft } = im.sysManage;
    assert.deepEqual([ids(im), getConversationDraft(2, "roster")], [[9, 2], ""]);
    saveConversationDraft(2, "roster", "to be", 5);
    assert.deepEqual([ids(im), getConversationDraft("2", "roster")], [[2, 9], "to be"]);
    const [row] = im.userManage.getConversationList();
    assert.deepEqual([row.draft, row.draftTimestamp, row.timestamp, row.content], ["to be", 5, "7", "hi"]);
    saveConversationDraft(8, "roster", "   ");
    assert.deepEqual(ids(im), [2, 9], "nothing to keep");
    saveConversationDraft(8, "roster", "new");
    assert.deepEqual(ids(im)[0], 8);
    assert.deepEqual(heard, [
      ["recentlistUpdate", undefined],
      ["recentlistUpdate", undefined],
    ]);
    im.cleanup();
    assert.deepEqual(ids(im), [9, 2]);
  });

  test("drafts are the client's: kept on the device, and those of the modern side are there", async () => {
    const { core, im } = await listed();
    core.answers.setLocal = () => undefined;
    im.sysManage.saveConversationDraft(9, "group", "to be");
    assert.deepEqual(core.commands.at(-1), ["setLocal", { kind: 2, of: "9", draft: "to be" }]);
    core.engine.say(["conversations", conversationsTape({ id: "2", draft: "from there" })]);
    await turn();
    const { getConversationDraft } = im.sysManage;
    assert.deepEqual([getConversationDraft(9, "group"), getConversationDraft(2, "roster")], ["to be", "from there"]);
    assert.equal(im.userManage.getConversationList().find((row) => row.id === 2).draft, "from there");
    core.answers.setLocal = () => {
      throw raw("StorageQuota", "storage");
    };
    const complaints = [];
    im.client.on("error", ({ error }) => complaints.push(error.code));
    im.sysManage.saveConversationDraft(9, "group", "not to be");
    await until(() => complaints.length === 1);
  });

  test("touching puts a conversation to the front, with a time if one is given", async () => {
    const { im } = await listed();
    im.sysManage.touchConversation(2, "roster", 1234);
    assert.deepEqual([ids(im), im.userManage.getConversationList()[0].timestamp], [[2, 9], 1234]);
    im.sysManage.touchConversation(8, "group");
    const [row] = im.userManage.getConversationList();
    assert.deepEqual([row.type, row.id, row.timestamp], ["group", 8, ""]);
  });

  test("who was called on has been seen until the next message", async () => {
    const { core, im, heard } = await listed();
    const hasAt = () => im.userManage.getConversationList().find((row) => row.id === 9).hasAt;
    assert.equal(hasAt(), true);
    im.groupManage.consumeGroupAtStatus(9);
    assert.deepEqual([hasAt(), heard.length], [false, 1]);
    im.groupManage.consumeGroupAtStatus(9);
    assert.equal(heard.length, 1, "told only when it changes");
    core.engine.say(["conversations", conversationsTape({ kind: 2, id: "9", timestamp: 10, mention: "me" })]);
    await turn();
    assert.equal(hasAt(), true);
  });
});

describe("application, servers and files", () => {
  const place = (protocol, host) => [{ protocol, host, ip_list: ["10.0.0.1"] }];
  const document = {
    app_status: "normal",
    account_verification: { type: "company" },
    dns_list: [
      {
        group_level: 0,
        clusters: [
          {
            ratel: place("https", "rest.example"),
            webim: place("https", "ws.example"),
            rtc: place("http", "rtc.example"),
          },
        ],
      },
    ],
  };

  async function set(config, answer = document) {
    const made = make(config);
    made.core.answers.api = ({ endpoint }) =>
      JSON.stringify({ getServers: answer, getAppConfig: { hide_member_info: "on" } }[endpoint] ?? {});
    made.im.on("flooError", () => undefined);
    return made;
  }

  test("are known at once after they have been asked for", async () => {
    const { im } = await set();
    assert.deepEqual([im.isAppInfoReady(), im.baseUrl, im.sysManage.getAppStatus()], [false, undefined, ""]);
    await until(() => im.sysManage.getAppConfig("app") !== undefined);
    const { getServers, getServerIp, getAccountVerification, getAppConfig, getLinkServer } = im.sysManage;
    assert.deepEqual([im.isAppInfoReady(), im.baseUrl], [true, "https://rest.example"]);
    assert.deepEqual(getServers("app"), {
      ratel: "https://rest.example",
      fireplace: "https://ws.example",
      rtc: "ws://rtc.example",
    });
    assert.deepEqual(
      [getServerIp("app"), getAccountVerification("app"), getAppConfig("app"), getLinkServer()],
      ["10.0.0.1", { type: "company" }, { hide_member_info: "on" }, "https://lanyinglink.com/info"],
    );
  });

  test("are asked for again after the network was away", async () => {
    const { core, im } = make();
    core.answers.api = () => {
      throw raw("ServerNotReachable");
    };
    const complaints = [];
    im.client.on("error", ({ error }) => complaints.push(error.code));
    await until(() => complaints.length === 1);
    assert.equal(im.isAppInfoReady(), false);
    core.answers.api = () => JSON.stringify(document);
    im.login({ name: "a", password: "b" });
    await until(() => im.isLogin());
    core.engine.say(["state", "connecting", "online"]);
    await until(() => im.isAppInfoReady());
    assert.deepEqual(complaints, ["ServerNotReachable"]);
  });

  test("an application that is closed says so", async () => {
    const { heard, im } = await set({}, { ...document, app_status: "frozen" });
    await until(() => heard.some(([event]) => event === "flooError"));
    assert.deepEqual(heard.find(([event]) => event === "flooError")[1], {
      category: "APP_FROZEN",
      desc: "app is frozen",
    });
    assert.equal(im.isAppInfoReady(), true);
  });

  test("the token goes into addresses of the cloud only", async () => {
    const { im } = await start({});
    assert.equal(im.userManage.getToken(), "t0ken");
    const { getImage, getChatFile, getAudio } = im.sysManage;
    const who = "access-token=t0ken&app_id=app";
    assert.deepEqual(
      [
        getImage({ avatar: "a b" }),
        getImage({ avatar: "https://rest.example/x?y=1", thumbnail: false }),
        getImage({ avatar: "https://elsewhere.example/x" }),
        getImage({ avatar: "/own.png" }),
        getImage({}),
        getImage({ type: "group" }),
        getImage({ sdefault: "mine.png" }),
        getChatFile({ url: "https://rest.example/f", params: { a: 1 } }),
        getChatFile({}),
        getAudio({ url: "https://elsewhere.example/a" }),
      ],
      [
        `https://rest.example/file/download/avatar?object_name=a%20b&image_type=2&${who}`,
        `https://rest.example/x?y=1&${who}`,
        "https://elsewhere.example/x?image_type=2",
        "/own.png",
        "/image/roster.png",
        "/image/group.png",
        "mine.png",
        `https://rest.example/f?a=1&${who}`,
        "",
        "https://elsewhere.example/a?format=mp3",
      ],
    );
    im.logout({ linkLogin: true });
    await until(() => im.userManage.getToken() === undefined);
  });

  test("links are looked up where the configuration says", async () => {
    const { im, asked } = await start({ parseLink: { uid: "5" } }, { linkServer: "https://links.example/info" });
    assert.deepEqual(await im.sysManage.aysncParseLinkV2("abc"), { uid: 5 });
    await im.sysManage.aysncParseLink("https://other.example/info", { link: "abc" });
    assert.deepEqual(asked, [
      ["parseLink", { link: "abc", server: "https://links.example" }],
      ["parseLink", { link: "abc", server: "https://other.example" }],
    ]);
    assert.equal(im.sysManage.getLinkServer(), "https://links.example/info");
  });

  test("an upload wants to know whereto", async () => {
    const { im } = await start({});
    const { asyncFileUpload } = im.sysManage;
    await assert.rejects(asyncFileUpload({ file: {}, toType: "moon" }), { message: /toType/ });
    await assert.rejects(asyncFileUpload({ file: {}, toType: "chat", fileType: "poem" }), { message: /fileType/ });
    await assert.rejects(asyncFileUpload(), { message: /param/ });
  });

  test("files go where they are told", async () => {
    const moved = [];
    const transfers = {
      check: () => ({ name: "f" }),
      upload: async ({ url }, progress) => {
        progress(1, 2);
        moved.push(url);
        return { status: 200, body: "" };
      },
      download: async ({ url }) => ({ status: 200, file: { path: url } }),
    };
    const slot = { upload_url: "/up", download_url: "https://rest.example/down" };
    const names = ["fileUploadChatFileUrl", "fileUploadAvatarUrl", "fileUploadGroupAvatarUrl"];
    const { im, asked } = await start(Object.fromEntries(names.map((name) => [name, slot])), { transfers });
    const { asyncFileUpload, downloadAudio } = im.sysManage;
    const file = { path: "x" };
    const progress = [];
    const processCallback = (it) => progress.push(it);
    const url = "https://rest.example/down";
    assert.deepEqual(
      await asyncFileUpload({ file, toType: "chat", chatType: "roster", to_id: 2, fileType: "image", processCallback }),
      { url },
    );
    await asyncFileUpload({ file, toType: "chat", chatType: "group", to_id: 9, fileType: "shareVideo" });
    await asyncFileUpload({ file, toType: "rosterAvatar" });
    await asyncFileUpload({ file, toType: "groupAvatar", group_id: 9 });
    assert.deepEqual(asked, [
      ["fileUploadChatFileUrl", { file_type: 102, to_id: "2", to_type: 1 }],
      ["fileUploadChatFileUrl", { file_type: 103, to_id: "9", to_type: 2 }],
      ["fileUploadAvatarUrl", {}],
      ["userAvatar", { avatar: url }],
      ["fileUploadGroupAvatarUrl", { group_id: "9" }],
      ["groupInfoAvatar", { group_id: "9", value: url }],
    ]);
    assert.deepEqual([moved.length, progress], [4, [{ loaded: 1, total: 2 }]]);
    assert.deepEqual(await downloadAudio({ url: "/a" }), { path: "https://rest.example/a?format=mp3" });
  });

  test("the level of the log can be changed", () => {
    const { im } = make();
    assert.throws(() => im.setLogLevel("loud"), { code: "ArgumentInvalid", message: /logLevel/ });
    im.setLogLevel("off");
    assert.equal(im.wxlogin(), undefined);
  });

  test("deleting the token ends the session", async () => {
    const { core, im } = await start({});
    im.userManage.deleteToken();
    await until(() => !im.isLogin());
    assert.ok(core.commands.some(([name]) => name === "logout"));
  });
});
