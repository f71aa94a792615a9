// Servers, logins, registration, passwords, devices.
import assert from "node:assert/strict";
import { ended, refusal } from "../stage.mjs";

/** Nobody can register while it runs. */
const closed = {
  before: ({ world }) => world.emulator.admin("app", { open_registration: false }),
  after: ({ world }) => world.emulator.admin("app", { open_registration: true }),
  code: 40001,
};
const wrong = (name) => ({ params: { [name]: "wrong" }, code: 11001 });
const isTheirs = (answer, { owner }) => assert.equal(answer.user_id, owner.id);
/** The password is good for a login. */
const opens = async ({ world, owner }, password) =>
  assert.equal(await world.whose("tokenId", { user_id: owner.id, password }), owner.id);

/** A second device of the owner, and its number. */
async function second({ owner }) {
  const before = (await owner.api("userDeviceList")).map(({ device_sn }) => device_sn);
  const tablet = await owner.secondDevice();
  const sn = (await owner.api("userDeviceList")).map(({ device_sn }) => device_sn).find((sn) => !before.includes(sn));
  return { tablet, sn };
}
/** It is out, and still known or not. */
const isOut =
  (known) =>
  async (_, { tablet, owner, sn }) => {
    assert.equal(await ended(tablet), "UserKickedByOtherDevices");
    const numbers = (await owner.api("userDeviceList")).map(({ device_sn }) => device_sn);
    assert.equal(numbers.includes(sn), known);
    assert.equal(owner.client.state, "online");
  };
const pushTokens = async ({ world }) => (await world.emulator.state()).counts.push_tokens;
const device = { unknown: { device_sn: 10002 }, bad: { device_sn: -1 } };

export default {
  getServers: {
    params: { app_id: "floo-demo", source: "web" },
    unknown: { app_id: 99998 },
    check: (answer, { world }) =>
      assert.ok(world.emulator.url.endsWith(answer.dns_list[0].clusters[0].ratel[0].host.replace(/^https?:/, ""))),
  },
  getAppConfig: {
    params: { platform: 6 },
    check: (answer) => assert.equal(answer.hide_member_info, false),
  },
  parseLink: {
    params: ({ world, owner }) => ({ link: `https://any.example/x/${owner.name}?y`, server: world.emulator.url }),
    unknown: { link: 10000 },
    check: (answer, { owner }) => assert.deepEqual([answer.app_id, answer.uid], ["floo-demo", owner.id]),
  },
  tokenUser: {
    params: ({ owner }) => ({ name: owner.name, password: owner.password, device_guid: "g" }),
    refused: [wrong("password")],
    unknown: { name: 10000 },
    check: async ({ user_id, token }, { owner, world }) => {
      assert.equal(user_id, owner.id);
      const client = world.client();
      await client.login({ userId: user_id, token });
      assert.equal((await client.api("userProfile")).username, owner.name);
      await client.close();
    },
  },
  tokenId: {
    params: ({ owner }) => ({ user_id: owner.id, password: owner.password }),
    refused: [wrong("password")],
    unknown: { user_id: 10000 },
    check: isTheirs,
  },
  tokenLogin: {
    setup: async ({ world, owner }) => ({ mobile: await world.phoneOf(owner) }),
    params: ({ mobile, owner }) => ({ login_name: mobile, password: owner.password }),
    refused: [wrong("password")],
    unknown: { login_name: 10000 },
    check: isTheirs,
  },
  userRegister: {
    setup: ({ world }) => ({ username: world.fresh("new") }),
    params: ({ username }) => ({ username, password: "p" }),
    refused: [closed, { params: ({ owner }) => ({ username: owner.name }), code: 10004 }],
    bad: { username: "a b" },
    check: async ({ user_id }, { world, username }) => {
      assert.equal(await world.whose("tokenUser", { name: username, password: "p" }), user_id);
      assert.equal(await world.nobody.api("userNameCheck", { username }), false);
    },
  },
  userRegisterAnonymous: {
    params: ({ owner }) => ({ username: "anon_", password: "p", cid: owner.id }),
    refused: [closed],
    unknown: { cid: ({ user_id }) => assert.match(user_id, /^\d+$/) },
    check: async ({ user_id, username }, { world }) => {
      assert.match(username, /^anon_/);
      assert.equal(await world.whose("tokenUser", { name: username, password: "p" }), user_id);
    },
  },
  userNameCheck: {
    params: ({ owner }) => ({ username: owner.name }),
    check: async (free, { world }) => {
      assert.equal(free, false);
      assert.equal(await world.nobody.api("userNameCheck", { username: world.fresh("free") }), true);
      assert.equal(await world.nobody.api("userNameCheck", { username: "not good" }), false);
    },
  },
  userChangePassword: {
    params: ({ owner }) => ({ old_password: owner.password, new_password: "newer" }),
    refused: [wrong("old_password")],
    setup: second,
    check: async (_, s) => {
      await opens(s, "newer");
      await refusal("the old one", opens(s, s.owner.password), 11001);
      assert.equal(await ended(s.tablet), "UserPasswordChanged");
      assert.equal(s.owner.client.state, "online");
    },
  },
  userDelete: {
    params: ({ owner }) => ({ password: owner.password }),
    refused: [wrong("password")],
    check: async (_, s) => {
      assert.equal(await ended(s.owner), "UserRemoved");
      await refusal("a login", opens(s, s.owner.password), 10000);
      await refusal("the card", s.member.api("rosterId", { user_id: s.owner.id }), 10021);
    },
  },
  pwdChangeVerifyByMobile: {
    setup: async ({ world, owner }) => ({ mobile: await world.phoneOf(owner) }),
    params: async ({ world, mobile }) => ({ mobile, captcha: await world.sms(mobile) }),
    unknown: { captcha: 10001 },
    refused: [
      {
        as: "member",
        code: 11001,
      },
    ],
    check: async ({ sign }, s) => {
      await s.owner.api("pwdChange", { new_password: "n", new_password_check: "n", sign });
      await opens(s, "n");
    },
  },
  pwdChangeVerifyByPassword: {
    params: ({ owner }) => ({ password: owner.password }),
    refused: [wrong("password")],
    check: async ({ sign }, s) => {
      await s.owner.api("pwdChange", { new_password: "n", new_password_check: "n", sign });
      await opens(s, "n");
    },
  },
  pwdChange: {
    setup: async ({ owner }) => await owner.api("pwdChangeVerifyByPassword", { password: owner.password }),
    params: ({ sign }) => ({ sign, new_password: "n", new_password_check: "n" }),
    unknown: { sign: 11001 },
    refused: [{ as: "member", code: 11001 }],
    bad: { new_password_check: "other" },
    check: async (_, s) => {
      await opens(s, "n");
      const again = { sign: s.sign, new_password: "m", new_password_check: "m" };
      await refusal("once only", s.owner.api("pwdChange", again), 11001);
    },
  },
  userDeviceList: {
    setup: second,
    check: (list, { owner, sn }) => {
      assert.deepEqual(
        list.map(({ user_id }) => user_id),
        [owner.id, owner.id],
      );
      assert.ok(list.some(({ device_sn, last_login }) => device_sn === sn && last_login > 0));
    },
  },
  userKick: { ...device, setup: second, params: ({ sn }) => ({ device_sn: sn }), check: isOut(true) },
  userDeviceRemove: { ...device, setup: second, params: ({ sn }) => ({ device_sn: sn }), check: isOut(false) },
  bindDeviceToken: {
    ...device,
    setup: async (s) => ({ ...(await second(s)), tokens: await pushTokens(s) }),
    params: ({ sn }) => ({ device_sn: sn, device_token: "t", notifier_name: "n" }),
    check: async (_, s) => assert.equal(await pushTokens(s), s.tokens + 1),
  },
  unbindDeviceToken: {
    setup: async (s) => {
      const { sn } = await second(s);
      await s.owner.api("bindDeviceToken", { device_sn: sn, device_token: "t", notifier_name: "n" });
      return { sn, tokens: await pushTokens(s) };
    },
    params: ({ sn }) => ({ deviceSn: sn }),
    unknown: { deviceSn: 10002 },
    bad: { deviceSn: -1 },
    check: async (_, s) => assert.equal(await pushTokens(s), s.tokens - 1),
  },
  userOnlineStatus: { check: (answer) => assert.deepEqual(answer, { online: true }) },
};
