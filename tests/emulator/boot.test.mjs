// What official clients do before anything else, and how they are sent away: over both kinds of socket.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { init } from "floo-wasm/codec";
import WebSocket from "ws";
import { startEmulator } from "../lib/emulator.mjs";
import { until } from "../lib/until.mjs";
import { call, login, SocketIoWire, text, WIRES } from "./wire.mjs";

await init();

const CORS = "app_id, access-token, content-type";
const KICKED = 4;
const notice = (type) => (frame) => frame.payload.metas?.some(({ ns, payload }) => ns === 4 && payload.type === type);

for (const [kind, Wire] of Object.entries(WIRES)) {
  describe(kind, () => {
    let emulator;
    before(async () => {
      emulator = await startEmulator();
    });
    after(() => emulator.stop());

    test("the boot sequence", async () => {
      // 1. DNS: every address is this server.
      const dns = await call(emulator.url, "GET", "/v2/app_dns?app_id=floo-demo&source=sdk");
      const cluster = dns.dns_list.find(({ group_level }) => group_level === 0).clusters[0];
      const place = (name) => `${cluster[name][0].protocol}://${cluster[name][0].host}`;
      const [ratel, socket] = [place("ratel"), Wire === SocketIoWire ? place("webim") : place("ws")];
      assert.ok(cluster.rtc.length > 0);
      // 2. A probe, from a foreign origin.
      const probe = await fetch(`${ratel}/`, { headers: { origin: "http://127.0.0.1:1" } });
      assert.ok(probe.ok);
      assert.equal(probe.headers.get("access-control-allow-origin"), "*");
      const preflight = await fetch(`${ratel}/token/user`, { method: "OPTIONS" });
      assert.ok(preflight.ok);
      assert.ok(preflight.headers.get("access-control-allow-headers").startsWith(CORS));
      // 3. and 4.
      assert.equal(typeof (await call(ratel, "GET", "/app/config?platform=6")), "object");
      const answer = await call(ratel, "POST", "/token/user", { body: { name: "amber", password: "amber-demo" } });
      const { token, user_id } = answer;
      assert.notEqual(answer.public_key, null);
      // 5. Both at once, and 6.: the cards, the own one among them.
      const [friends, groups] = await Promise.all([
        call(ratel, "GET", "/roster/list", { token }),
        call(ratel, "GET", "/group/user_joined", { token }),
      ]);
      const cards = await call(ratel, "POST", "/roster/list", { token, body: { list: [...friends, user_id] } });
      assert.deepEqual(cards.map((card) => card.user_id).sort(), [...friends, user_id].sort());
      const infos = await call(ratel, "POST", "/group/info/batch", { token, body: { group_list: groups } });
      assert.deepEqual(
        infos.map((info) => info.group_id),
        groups,
      );
      // 7. The socket.
      const uid = String(user_id);
      const wire = await Wire.open(socket);
      const login = await wire.provision({ uid, token, guid: `${uid}_1` });
      assert.equal(login.status.code, 1);
      assert.ok(login.xid.deviceSN >= 1);
      // 8. The start page.
      for (const path of ["/user/profile", "/user/settings"]) {
        assert.equal(typeof (await call(ratel, "GET", path, { token })), "object");
      }
      assert.ok(Array.isArray(await call(ratel, "GET", "/app/support_staff", { token })));
      // Then the unread list, and a pull for each conversation with something in it.
      const { unread } = await wire.unread();
      assert.ok(unread.length >= 2);
      for (const { xid, n } of unread.filter((row) => row.n > 0)) {
        const page = await wire.sync({ xid });
        assert.equal(page.metas.length, n);
        assert.deepEqual(page.xid, xid);
        const end = await wire.sync({ xid, key: page.next_key });
        assert.equal(end.metas, undefined);
        assert.deepEqual(end.xid, xid);
      }
      assert.ok((await wire.unread()).unread.every(({ n }) => !n));
      wire.close();
      await until("the socket to be forgotten", async () => (await emulator.state()).counts.sockets === 0);
    });

    test("frames keep their order, however fast they come", async () => {
      const [amber, basil] = [await login(emulator.url, "amber"), await login(emulator.url, "basil")];
      const wire = await Wire.open(emulator.url);
      const { xid } = await wire.provision({ ...amber, guid: "fast" });
      const count = 300;
      for (let n = 1; n <= count; n += 1) {
        const meta = text(n, xid, basil.uid, `${n}`);
        wire.say({ command: 1, payload: { "@type": "SyncUL", meta } });
      }
      let last = 0n;
      for (let n = 1; n <= count; n += 1) {
        const { payload } = await wire.next(({ payload: p }) => p.client_mid, "an ack");
        assert.equal(payload.client_mid, String(n));
        assert.ok(BigInt(payload.server_mid) > last);
        last = BigInt(payload.server_mid);
      }
      wire.close();
    });

    test("a large frame comes through both ways", async () => {
      const [amber, basil] = [await login(emulator.url, "amber"), await login(emulator.url, "basil")];
      const wire = await Wire.open(emulator.url);
      const { xid } = await wire.provision({ ...amber, guid: "large" });
      const content = "猫".repeat(21_000);
      const ack = await wire.sync({ meta: text(5000, xid, basil.uid, content) });
      assert.equal(ack.status.code, 1);
      const { metas } = await wire.sync({ xid: { uid: basil.uid }, is_full_sync: true, full_sync_num: 1 });
      assert.equal(metas[0].payload.content, content);
      wire.close();
    });

    test("the second socket of a device takes over from the first", async () => {
      const amber = await login(emulator.url, "amber");
      const first = await Wire.open(emulator.url, { reconnection: true, reconnectionDelay: 50 });
      await first.provision({ ...amber, guid: "same" });
      const second = await Wire.open(emulator.url);
      await second.provision({ ...amber, guid: "same" });
      const { payload } = await first.next(notice(KICKED), "the kick");
      assert.equal(payload.next_key, undefined);
      const reason = await first.end();
      if (Wire === SocketIoWire) {
        // The packet that says so keeps the library from coming back; a lost transport would not.
        assert.equal(reason, "io server disconnect");
        await pause(500);
        assert.equal(first.connects, 1);
      }
      assert.equal((await second.unread()).status.code, 1);
      second.close();
    });

    test("a device that is logged out is told, then sent away", async () => {
      const amber = await login(emulator.url, "amber");
      const wire = await Wire.open(emulator.url);
      const { xid } = await wire.provision({ ...amber, guid: "gone" });
      const other = await login(emulator.url, "amber");
      await call(emulator.url, "POST", "/user/kick", { token: other.token, body: { device_sn: xid.deviceSN } });
      await wire.next(notice(5), "the notice");
      const reason = await wire.end();
      if (Wire === SocketIoWire) assert.equal(reason, "io server disconnect");
    });

    test("a network fault is none of that: the library comes back", async () => {
      const wire = await Wire.open(emulator.url, { reconnection: true, reconnectionDelay: 50 });
      await emulator.faults({ action: "close" });
      const reason = await wire.end();
      if (Wire === SocketIoWire) {
        assert.notEqual(reason, "io server disconnect");
        await until("the library to come back", () => wire.connects === 2);
      }
      wire.close();
    });

    test("an ack is out before the socket is closed behind it", async () => {
      const [amber, basil] = [await login(emulator.url, "amber"), await login(emulator.url, "basil")];
      const wire = await Wire.open(emulator.url);
      const { xid } = await wire.provision({ ...amber, guid: "after" });
      await emulator.faults({ action: "close_after_ack" });
      assert.equal((await wire.sync({ meta: text(6000, xid, basil.uid, "x") })).status.code, 1);
      await wire.end();
    });

    test("what is no frame ends the socket", async () => {
      const wire = await Wire.open(emulator.url);
      wire.send(Uint8Array.of(0x22, 0xff, 0xff, 0x7f));
      await wire.end();
    });
  });
}

describe("the words of socket.io", () => {
  test("on the wire they are as the web SDK knows them", async () => {
    const emulator = await startEmulator();
    const socket = new WebSocket(`${emulator.url.replace("http", "ws")}/socket.io/?EIO=3&transport=websocket`);
    const words = [];
    socket.on("message", (data, binary) => words.push(binary ? data : String(data)));
    const said = (count) => until(`${count} words`, () => words.length >= count);
    await said(2);
    const open = JSON.parse(words[0].slice(1));
    assert.equal(words[0][0], "0");
    assert.deepEqual([open.upgrades, open.pingInterval, open.pingTimeout], [[], 25_000, 5_000]);
    assert.equal(words[1], "40");
    socket.send("2");
    await said(3);
    assert.equal(words[2], "3");
    // Other events, name spaces and bytes without an announcement are nobody's business.
    socket.send('42["hello",1]');
    socket.send("40/elsewhere");
    socket.send(Buffer.from([4, 0x18, 0]));
    socket.send('451-["frame",{"_placeholder":true,"num":0}]');
    socket.send(Buffer.from([4, 0x08, 0, 0x10, 0, 0x18, 0]));
    await said(5);
    assert.equal(words[3], '451-["frame",{"_placeholder":true,"num":0}]');
    assert.equal(words[4][0], 4);
    assert.equal(words.length, 5);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.send("41");
    await closed;
    await until("the socket to be forgotten", async () => (await emulator.state()).counts.sockets === 0);
    await emulator.stop();
  });
});
