// What is handed over by codes: texts, logins, invitations into groups; help by the application's staff.
import assert from "node:assert/strict";
import { refusal } from "../stage.mjs";

const SECRET = { expire_seconds: 60, secret_text: '{"a":"安全"}' };
const groupSign = {
  params: ({ group }) => ({ group_id: group }),
  unknown: { group_id: 20001 },
  refused: [
    { as: "stranger", code: 20011 },
    {
      as: "member",
      before: ({ owner, group }) => owner.api("groupSettingsAllowmemberinvitation", { group_id: group, value: false }),
      code: 20012,
    },
  ],
  check: async ({ qr_info, expired }, s) => {
    assert.ok(expired > Date.now());
    await s.stranger.api("groupQrInvite", { qr_info });
    assert.ok((await s.members()).includes(s.stranger.id));
  },
};
const groupInvite = {
  as: "stranger",
  setup: async (s) => {
    const group = await s.newGroup();
    return { group, ...(await s.member.api("groupQrSign", { group_id: group })) };
  },
  params: ({ qr_info }) => ({ qr_info }),
  unknown: { qr_info: 20024 },
  refused: [
    { as: "member", code: 20017 },
    {
      before: ({ owner, group, stranger }) => owner.api("groupBlock", { group_id: group, user_list: [stranger.id] }),
      code: 20018,
    },
  ],
  check: async (_, s) => assert.ok((await s.members()).includes(s.stranger.id)),
};

export default {
  userGenerateSecretInfo: {
    params: SECRET,
    bad: { expire_seconds: 0 },
    check: async ({ code }, { nobody }) =>
      assert.equal((await nobody.api("userSendSecretInfo", { code })).secret_text, SECRET.secret_text),
  },
  userSendSecretInfo: {
    setup: ({ owner }) => owner.api("userGenerateSecretInfo", SECRET),
    params: ({ code }) => ({ code }),
    unknown: { code: 10002 },
    check: async ({ secret_text }, { nobody, code }) => {
      assert.equal(secret_text, SECRET.secret_text);
      await refusal("once only", nobody.api("userSendSecretInfo", { code }), 10002);
    },
  },
  getStaticContact: {
    setup: ({ world }) => world.emulator.admin("bots", { bots: ["echo"], chatty_ms: 0 }).then(() => ({})),
    check: (list) =>
      assert.deepEqual(
        list.map(({ username }) => username),
        ["echo"],
      ),
  },
  qrcode: {
    check: async ({ qr_code }, { world }) => assert.equal((await world.slip(qr_code)).kind, "qr_login"),
  },
  qrlogin: {
    setup: async (s) => {
      const { qr_code } = await s.nobody.api("qrcode");
      assert.deepEqual(await s.nobody.api("qrlogin", { qr_code }), {});
      await s.world.emulator.admin("confirm", { code: qr_code, user: s.owner.name });
      return { qr_code };
    },
    params: ({ qr_code }) => ({ qr_code }),
    unknown: { qr_code: 10002 },
    check: async ({ username, password }, { world, owner, nobody, qr_code }) => {
      assert.equal(await world.whose("tokenUser", { name: username, password }), owner.id);
      await refusal("once only", nobody.api("qrlogin", { qr_code }), 10002);
    },
  },
  qrcodeGroupsign: groupSign,
  groupQrSign: groupSign,
  qrcodeGroupinvite: groupInvite,
  groupQrInvite: groupInvite,
};
