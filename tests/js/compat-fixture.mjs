// A legacy object over a fake core, with everything that it tells.
import { readFile } from "node:fs/promises";
import { sources } from "./bundle.mjs";

export { sources };

import { FakeCore, groupsTape, until, usersTape } from "./fake-engine.mjs";

export const { Bus, makeFlooim, FlooClient, Long, Servers } = await sources(
  "js/compat/bus.ts",
  "js/compat/flooim.ts",
  "js/compat/long.ts",
  "js/compat/servers.ts",
  "js/client/client.ts",
);

/** Names and kinds of the former SDK's members. */
export const FACTS = JSON.parse(await readFile(new URL("js-api.json", import.meta.url), "utf8"));

/** Addresses of a small cloud. */
export const DOCUMENT = {
  app_status: "normal",
  account_verification: { type: "company", name: "floo", status: 1 },
  dns_list: [
    {
      group_level: 0,
      clusters: [
        {
          ratel: [{ protocol: "https", host: "ratel.test", ip_list: ["10.0.0.1"] }],
          webim: [{ protocol: "https", host: "webim.test" }],
          rtc: [{ protocol: "https", host: "rtc.test" }],
        },
      ],
    },
  ],
};

export function make(config = {}, endpoints = {}) {
  const core = new FakeCore();
  const asked = [];
  const known = { getServers: () => DOCUMENT, getAppConfig: () => ({ hide_member_info: true }), ...endpoints };
  core.answers.api = ({ endpoint, params }) => {
    const given = JSON.parse(params);
    if (!(endpoint in { getServers: 0, getAppConfig: 0 })) asked.push([endpoint, given]);
    return JSON.stringify(known[endpoint]?.(given) ?? true);
  };
  core.answers.locate = ({ url }) =>
    JSON.stringify({ url: `https://ratel.test${url}`, headers: { app_id: "app", "access-token": "secret-token" } });
  const flooim = makeFlooim((options) => new FlooClient({ ...options, logger: () => undefined }, core.environment));
  const im = flooim({ appid: "app", autoLogin: false, ...config });
  const heard = [];
  for (const event of FACTS.events) im.on(event, record(event));
  function record(event) {
    // The event's name is part of the source text, or the bus would take them for one listener.
    return (payload) => heard.push([event, payload]);
  }
  return { core, flooim, im, heard, asked, known };
}

export async function loggedIn(config, endpoints) {
  const made = make(config, endpoints);
  const { core, im, heard } = made;
  core.answers.users = () =>
    usersTape({ id: "2", username: "basil", nickname: "Bas" }, { id: "8", username: "x", isContact: false });
  core.answers.groups = () => groupsTape({ id: "9", name: "Team", members: 3 });
  core.answers.login = (_, engine) => {
    engine.say(["state", "idle", "resolving"], ["state", "resolving", "connecting"], ["state", "connecting", "online"]);
    return { userId: "1", deviceSn: 7 };
  };
  im.login({ name: "amber", password: "secret" });
  await until(() => heard.some(([event]) => event === "loginSuccess"));
  await settled();
  /** Says something and gives what was heard of it. */
  const say = async (...batch) => {
    heard.length = 0;
    core.engine.say(...batch);
    await settled();
    return [...heard];
  };
  return { ...made, say };
}

/** When all that is under way has come to something. */
export async function settled() {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Events by name, notices by their words, and a word more where it helps. */
export const names = (heard) => heard.map(([event, payload]) => (event === "flooNotice" ? payload.desc : event));
