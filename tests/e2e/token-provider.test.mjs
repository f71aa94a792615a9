// Logins whose token the application hands in, in a page against the real emulator.
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { ApiPage, apiMounts } from "../lib/api-page.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

const stage = new Stage();
let emulator;
let page;

before(async () => {
  emulator = await stage.persistentEmulator();
  page = new ApiPage(await stage.browser("page"), await stage.serve(apiMounts()));
  await page.open();
});
after(() => stage.end());

/** A token as the application's own server would get it. */
async function token() {
  const response = await fetch(`${emulator.url}/token/user`, {
    method: "POST",
    headers: { app_id: "floo-demo", "content-type": "application/json" },
    body: JSON.stringify({ name: "amber", password: "amber-demo" }),
  });
  const { data } = await response.json();
  return { userId: String(data.user_id), token: data.token };
}

/** Logs in without credentials; the provider gives these tokens one after the other. */
const login = (tokens) =>
  page.run(
    async ({ createClient, APP_ID }, { dns, tokens }) => {
      const reasons = [];
      const tokenProvider = async (reason, signal) => {
        reasons.push(reason);
        if (tokens.length === 0) throw new Error(`no more tokens, aborted: ${signal.aborted}`);
        return tokens.shift();
      };
      const client = createClient({ appId: APP_ID, servers: { dns }, storage: "memory", tokenProvider });
      try {
        const { userId } = await client.login(undefined, { timeout: 30_000 });
        return { userId, reasons };
      } finally {
        await client.close();
      }
    },
    { dns: emulator.dns, tokens },
  );

scenario(stage, "the provider's token logs in, and a refused one is replaced silently", async () => {
  const good = await token();
  const { userId } = good;
  assert.deepEqual(await login([good]), { userId, reasons: ["initial"] });
  const refused = { ...good, token: "not-a-token" };
  assert.deepEqual(await login([refused, good]), { userId, reasons: ["initial", "expired"] });
});

scenario(stage, "a provider without a token ends the login by its own reason", async () => {
  await assert.rejects(login([]), (error) => {
    assert.deepEqual([error.code, error.domain], ["SignInFailed", "argument"]);
    assert.match(error.message, /no more tokens, aborted: false/);
    return true;
  });
});
