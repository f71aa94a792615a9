// The legacy object over a fake core, with everything that it tells.
import { sources } from "./bundle.mjs";
import { FakeCore, groupsTape, until, usersTape } from "./fake-engine.mjs";

export const { Bus, makeFlooim, FlooClient } = await sources(
  "js/compat/bus.ts",
  "js/compat/flooim.ts",
  "js/client/client.ts",
);

/** Names of events that are recorded, beside those that a test asks for. */
const EVENTS = [
  "flooNotice",
  "flooError",
  "loginSuccess",
  "loginFail",
  "logout",
  "imRostersGroupslistReady",
  "onRosterMessage",
  "onGroupMessage",
  "onSendingMessageStatusChanged",
  "recentlistUpdate",
  "onUnreadChange",
  "userKicked",
];

/** A legacy object, its core, and the pairs of event and payload that it told. */
export function make({ transfers, ...config } = {}, events = []) {
  const core = new FakeCore();
  const environment = { ...core.environment, transfers: () => transfers };
  const flooim = makeFlooim((options) => new FlooClient({ ...options, logger: () => undefined }, environment));
  const im = flooim({ appid: "app", autoLogin: false, ...config });
  const heard = [];
  for (const event of [...EVENTS, ...events]) im.on(event, record(event));
  function record(event) {
    // The bus knows listeners by their text only within one event.
    return (payload) => heard.push([event, payload]);
  }
  return { core, flooim, im, heard };
}

/** The same, logged in as "1", with the contact "2", the stranger "8" and the group "9". */
export async function loggedIn(config, events) {
  const made = make(config, events);
  const { core, im, heard } = made;
  core.answers.users = () =>
    usersTape({ id: "2", username: "basil", nickname: "Bas" }, { id: "8", username: "x", isContact: false });
  core.answers.groups = () => groupsTape({ id: "9", name: "Team", members: 3 });
  core.answers.login = (_, engine) => {
    engine.say(["state", "idle", "resolving"], ["state", "resolving", "connecting"], ["state", "connecting", "online"]);
    return { userId: "1" };
  };
  im.login({ name: "amber", password: "secret" });
  await until(() => heard.some(([event]) => event === "loginSuccess"));
  return made;
}

/** Events by name; progress and the like by their text. */
export const names = (heard) => heard.map(([event, payload]) => (event === "flooNotice" ? payload.desc : event));
