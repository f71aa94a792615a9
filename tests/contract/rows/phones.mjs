// Phones: captchas, codes by SMS, binding and proving; WeChat.
import assert from "node:assert/strict";
import { refusal } from "../stage.mjs";

const newPhone = ({ world }) => ({ mobile: world.fresh("138") });
const ownPhone = async ({ world, owner }) => ({ mobile: await world.phoneOf(owner) });
/** With the code that the phone got. */
const proven = async ({ world, mobile }) => ({ mobile, captcha: await world.sms(mobile) });
const isBound = async (_, { owner, member, mobile }) => {
  assert.equal((await owner.api("userProfile")).mobile, mobile);
  assert.equal((await member.api("rosterMobile", { mobile })).user_id, owner.id);
};
/** The phone is somebody else's. */
const taken = {
  params: async (s) => {
    const mobile = await s.world.phoneOf(s.member);
    return s.mobile === undefined ? { mobile } : proven({ ...s, mobile });
  },
  code: 11012,
};
const bind = {
  setup: newPhone,
  params: proven,
  unknown: { captcha: 10001 },
  bad: { mobile: "no phone" },
  refused: [taken],
  check: isBound,
};
/** The sign is good for a change. */
const signs = async ({ sign }, s) => {
  const mobile = s.world.fresh("137");
  await s.owner.api("userChangeMobile", { ...(await proven({ ...s, mobile })), sign });
  await isBound(null, { ...s, mobile });
};
const loggedInBy = async ({ username, password }, s) =>
  assert.equal(await s.world.whose("tokenUser", { name: username, password }), s.owner.id);

/** Somebody of WeChat whom nobody knows yet. */
async function wechat({ world, nobody }) {
  const code = world.fresh("wx");
  return { code, ...(await nobody.api("wxlogin", { code })) };
}
async function bound(s) {
  const who = await wechat(s);
  await s.owner.api("wechatBind", { open_id: who.openid, type: 1 });
  return who;
}
const bindWeChat = {
  setup: wechat,
  params: ({ openid }) => ({ open_id: openid, type: 1 }),
  bad: { type: 3 },
  refused: [
    {
      before: ({ member, openid }) => member.api("wechatBind", { open_id: openid, type: 1 }),
      code: 10011,
    },
  ],
  check: async (_, s) => {
    assert.equal(await s.owner.api("wechatIsbind"), true);
    await loggedInBy(await s.nobody.api("wxlogin", { code: s.code }), s);
  },
};
const byCode = {
  params: ({ code }) => ({ code }),
  setup: bound,
  // Whatever code comes is somebody's.
  unknown: { code: (answer) => assert.deepEqual(Object.keys(answer), ["openid"]) },
  check: loggedInBy,
};

export default {
  userBindMobile: bind,
  userMobileBind: bind,
  userUpdateMobile: {
    setup: newPhone,
    params: ({ mobile }) => ({ mobile }),
    bad: { mobile: "no phone" },
    refused: [{ params: async ({ world, member }) => ({ mobile: await world.phoneOf(member) }), code: 11012 }],
    check: isBound,
  },
  userMobile: {
    setup: newPhone,
    params: ({ mobile }) => ({ mobile }),
    bad: { mobile: "no phone" },
    refused: [{ params: async ({ world, member }) => ({ mobile: await world.phoneOf(member) }), code: 11012 }],
    check: isBound,
  },
  userMobileBindSign: {
    as: "owner",
    setup: async (s) => {
      const { mobile } = newPhone(s);
      return { mobile, ...(await s.nobody.api("userMobileLogin", await proven({ ...s, mobile }))) };
    },
    params: ({ mobile, sign }) => ({ mobile, sign }),
    unknown: { sign: 10001 },
    bad: { mobile: "no phone" },
    refused: [
      { params: { mobile: "13800000000" }, code: 10001 },
      { before: ({ mobile, member }) => member.api("userUpdateMobile", { mobile }), code: 11012 },
    ],
    check: async (answer, s) => {
      await isBound(answer, s);
      const again = { mobile: s.mobile, sign: s.sign };
      await refusal("once only", s.member.api("userMobileBindSign", again), 10001);
    },
  },
  userMobileLogin: {
    setup: ownPhone,
    params: proven,
    unknown: { captcha: 10001 },
    check: async (answer, s) => {
      await loggedInBy(answer, s);
      const { username: name, password } = answer;
      await refusal("once only", s.nobody.api("tokenUser", { name, password }), 11001);
    },
  },
  userChangeMobileCheckPassword: {
    params: ({ owner }) => ({ password: owner.password }),
    refused: [{ params: { password: "wrong" }, code: 11001 }],
    check: signs,
  },
  userChangeMobileCheckMobile: {
    setup: ownPhone,
    params: proven,
    unknown: { captcha: 10001 },
    refused: { member: 11001 },
    check: signs,
  },
  userChangeMobile: {
    setup: async (s) => ({
      ...newPhone(s),
      ...(await s.owner.api("userChangeMobileCheckPassword", { password: s.owner.password })),
    }),
    params: async (s) => ({ sign: s.sign, ...(await proven(s)) }),
    unknown: { captcha: 10001, sign: 11001 },
    refused: [{ as: "member", code: 11001 }, taken],
    check: isBound,
  },
  getUserVerification: {
    check: async (answer, s) => {
      assert.deepEqual(answer, { status: 0 });
      await s.owner.api("userVerificationByMobile", await proven({ ...s, ...newPhone(s) }));
      assert.equal((await s.owner.api("getUserVerification")).status, 1);
    },
  },
  userVerificationByMobile: {
    setup: newPhone,
    params: proven,
    unknown: { captcha: 10001 },
    refused: [
      {
        before: async (s) => {
          for (const one of [s.admin, s.member, s.stranger]) await one.api("userVerificationByMobile", await proven(s));
        },
        code: 11031,
      },
    ],
    check: async (_, { owner, mobile }) => {
      const { status, mobile: shown } = await owner.api("getUserVerification");
      assert.deepEqual([status, shown.slice(-2)], [1, mobile.slice(-2)]);
      assert.ok(shown.includes("*"));
    },
  },
  userSendSms: {
    setup: newPhone,
    params: ({ mobile }) => ({ mobile }),
    bad: { mobile: "no phone" },
    check: async (_, { world, mobile }) => assert.match((await world.slip(`sms ${mobile}`)).code, /^\d{6}$/),
  },
  captchaImagePost: {
    check: async (id, { world }) => assert.match((await world.slip(id)).answer, /^\w{4}$/),
  },
  captchaSms: {
    setup: async (s) => {
      const image_id = await s.nobody.api("captchaImagePost");
      return { ...newPhone(s), image_id, captcha: (await s.world.slip(image_id)).answer };
    },
    params: ({ captcha, image_id, mobile }) => ({ captcha, image_id, mobile }),
    unknown: { captcha: 11014, image_id: 11014 },
    check: async (_, s) => {
      assert.match((await s.world.slip(`sms ${s.mobile}`)).code, /^\d{6}$/);
      const { captcha, image_id, mobile } = s;
      await refusal("one try", s.nobody.api("captchaSms", { captcha, image_id, mobile }), 11014);
    },
  },
  generateWXUrlLink: { params: { path: "pages/main", query: "a=1", envVersion: "release" }, missing: true },
  woaqrcode: {
    check: async ({ qrcode_id }, { world }) => assert.equal((await world.slip(qrcode_id)).kind, "wechat"),
  },
  woaqrcodestatus: {
    setup: async (s) => {
      const { qrcode_id } = await s.nobody.api("woaqrcode");
      await refusal("too early", s.nobody.api("woaqrcodestatus", { qrcode_id }), 11022);
      await s.world.emulator.admin("confirm", { code: qrcode_id, user: s.owner.name });
      return { qrcode_id };
    },
    params: ({ qrcode_id }) => ({ qrcode_id }),
    unknown: { qrcode_id: 10002 },
    check: async ({ code }, s) => loggedInBy(await s.nobody.api("woaqrlogin", { code }), s),
  },
  woaqrlogin: byCode,
  wxlogin: byCode,
  woaIsBind: {
    setup: bound,
    check: async (_, { member, owner }) => {
      await refusal("who has none", member.api("woaIsBind"), 10000);
      await owner.api("wechatUnbind");
      await refusal("who has none now", owner.api("woaIsBind"), 10000);
    },
  },
  wxbind: bindWeChat,
  wechatBind: bindWeChat,
  wechatUnbind: {
    setup: bound,
    check: async (_, { owner, nobody, code }) => {
      assert.equal(await owner.api("wechatIsbind"), false);
      assert.equal((await nobody.api("wxlogin", { code })).password, undefined);
    },
  },
  wechatIsbind: {
    setup: bound,
    check: async (answer, { member }) => {
      assert.equal(answer, true);
      assert.equal(await member.api("wechatIsbind"), false);
    },
  },
};
