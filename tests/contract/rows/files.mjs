// Uploads, and the files of a group.
import assert from "node:assert/strict";
import { failed } from "../stage.mjs";

const inGroup = ({ group }) => ({ group_id: group });
/** A file in the storage, for the group. */
async function stored({ world, owner, group }, bytes = "hello") {
  const slot = await owner.api("fileUploadChatFileUrl", { file_type: 200, to_id: group, to_type: 2 });
  await world.upload(slot, bytes);
  return { url: slot.download_url };
}
/** A file of the owner's on the list. */
async function shared(s) {
  const { url } = await stored(s);
  return s.owner.api("groupFileupload", { group_id: s.group, name: "a.txt", size: 5, url, type: "text/plain" });
}
const signOf = (url) => url.split("sign=")[1];
const holds = (text) => async (slot, s) => {
  await s.world.upload(slot, text);
  assert.equal(await s.world.download(slot.download_url, s.owner), text);
};
const listed = ({ owner, group }) => owner.api("groupFilelist", { group_id: group });

export default {
  fileUploadAvatarUrl: {
    check: async (slot, s) => {
      await holds("a face")(slot, s);
      assert.equal(await s.world.download(slot.download_url, s.stranger), "a face");
    },
  },
  fileUploadGroupAvatarUrl: {
    params: inGroup,
    unknown: { group_id: 20001 },
    refused: { member: 20012, stranger: 20011 },
    check: holds("a flag"),
  },
  fileUploadChatFileUrl: {
    params: ({ member }) => ({ file_type: 100, to_id: member.id, to_type: 1 }),
    unknown: { to_id: 10000 },
    bad: { file_type: 7, to_type: 3 },
    refused: [{ as: "stranger", params: async (s) => ({ to_type: 2, to_id: await s.newGroup() }), code: 20011 }],
    check: async (slot, s) => {
      await holds("a picture")(slot, s);
      assert.equal(await s.world.download(slot.download_url, s.member), "a picture");
      assert.equal(await s.world.download(slot.download_url, s.stranger), 403);
    },
  },
  fileForward: {
    setup: async (s) => {
      s.group = await s.newGroup();
      return stored(s);
    },
    params: ({ url, stranger }) => ({ file_sign: signOf(url), to_id: stranger.id, to_type: 1 }),
    unknown: { file_sign: 10002, to_id: 10000 },
    bad: { to_type: 3 },
    // Who may not see the file cannot pass it on.
    refused: [
      { as: "stranger", code: 10002 },
      { as: "member", params: async (s) => ({ to_type: 2, to_id: await aloneIn(s) }), code: 20011 },
    ],
    check: async (url, s) => {
      assert.notEqual(url, s.url);
      assert.equal(await s.world.download(url, s.stranger), "hello");
      assert.equal(await s.world.download(s.url, s.stranger), 403);
    },
  },
  groupFilelist: {
    setup: shared,
    params: inGroup,
    unknown: { group_id: 20001 },
    refused: { stranger: 20011 },
    check: (list, { owner }) =>
      assert.deepEqual(
        list.map(({ name, size, uploader }) => [name, size, uploader]),
        [["a.txt", 5, owner.id]],
      ),
  },
  groupFileupload: {
    setup: stored,
    params: (s) => ({ ...inGroup(s), name: "b.txt", size: 5, url: s.url, type: "text/plain" }),
    unknown: { group_id: 20001 },
    bad: { size: -1, url: "ftp://x" },
    refused: { stranger: 20011 },
    check: async ({ file_id, url }, s) => {
      assert.deepEqual(
        (await listed(s)).map((file) => file.file_id),
        [file_id],
      );
      assert.equal(await s.world.download(url, s.member), "hello");
    },
  },
  groupFileGet: {
    setup: shared,
    params: (s) => ({ ...inGroup(s), file_id: s.file_id }),
    unknown: { group_id: 20001, file_id: 20022 },
    refused: { stranger: 20011 },
    check: ({ name }) => assert.equal(name, "a.txt"),
  },
  groupFileUpdateName: {
    setup: shared,
    params: (s) => ({ ...inGroup(s), file_id: s.file_id, name: "c.txt" }),
    unknown: { group_id: 20001, file_id: 20022 },
    refused: { member: 20023, stranger: 20011 },
    check: async (_, s) =>
      assert.deepEqual(
        (await listed(s)).map(({ name }) => name),
        ["c.txt"],
      ),
  },
  groupFiledelete: {
    setup: shared,
    params: (s) => ({ ...inGroup(s), file_list: [s.file_id] }),
    unknown: { group_id: 20001, file_list: (lines) => failed("file_id", lines[0].file_id)(lines) },
    refused: [
      { as: "stranger", code: 20011 },
      { as: "member", sees: (lines, s) => failed("file_id", s.file_id)(lines) },
    ],
    check: async (lines, s) => {
      assert.deepEqual([lines.length, lines[0].result], [1, "success"]);
      assert.deepEqual(await listed(s), []);
      assert.equal(await s.world.download(s.url, s.owner), 404);
    },
  },
};

/** A group with nobody in it but the stranger. */
async function aloneIn({ stranger }) {
  return (await stranger.api("groupCreate", { name: "Alone" })).group_id;
}
