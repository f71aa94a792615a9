// The core path of a chat in the other two engines: sign in, write both ways, reload with the cloud stopped.
import assert from "node:assert/strict";
import { after } from "node:test";
import { ChatApp } from "../lib/chat-app.mjs";
import { built } from "../lib/paths.mjs";
import { Stage, scenario } from "../lib/stage.mjs";

for (const engine of ["firefox", "webkit"]) {
  const stage = new Stage();
  after(() => stage.end());

  scenario(stage, `a chat between ${engine} and Chromium`, async () => {
    const emulator = await stage.persistentEmulator();
    const ids = await emulator.ids();
    const url = await stage.serve(built("demo-web"));
    const amber = new ChatApp(await stage.browser(`amber in ${engine}`, engine), url, emulator.dns);
    const basil = new ChatApp(await stage.browser("basil in chromium"), url, emulator.dns);
    await amber.signIn("amber");
    await basil.signIn("basil");
    await amber.openChat(`user:${ids.basil}`);
    await basil.openChat(`user:${ids.amber}`);
    for (const [from, to, text] of [
      [amber, basil, `from ${engine}: 你好 👋🏽`],
      [basil, amber, "back to you: 收到 ✅ 𠮷"],
    ]) {
      await from.send(text);
      await from.shown(text, "sent");
      await to.shown(text, "received");
    }
    const before = await amber.messages();
    assert.deepEqual(
      before.map(({ text }) => text),
      await basil.texts(),
    );
    assert.match(await amber.menu(), /IndexedDB/);

    await emulator.stop();
    await amber.open();
    await amber.openChat(`user:${ids.basil}`);
    await amber.shown("back to you: 收到 ✅ 𠮷", "received");
    assert.deepEqual(await amber.messages(), before);
    await amber.send("written while the cloud is away");
    await amber.shown("written while the cloud is away", "sending");
    await emulator.start();
    await basil.shown("written while the cloud is away", "received", { limit: 60_000 });
    await amber.shown("written while the cloud is away", "sent");
    await stage.end();
  });
}
