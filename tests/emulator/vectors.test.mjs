// Every vector that a client sends, against the emulator, over both kinds of socket.
//
// The ids of users, devices and messages are replaced in the bytes (see wire.mjs); everything else
// stays as it is in the vectors, that is as the shipped clients write it. Answers must be of the
// same kind as the answers among the vectors.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { crc32, deflateSync } from "node:zlib";
import { decodeFrame, init } from "floo-wasm/codec";
import { startEmulator } from "../lib/emulator.mjs";
import { login, rewrite, shape, text, varint, vectors, WIRES } from "./wire.mjs";

const vector = (name) => {
  const found = vectors.find((v) => v.name === name);
  assert.ok(found, `no vector ${name}`);
  return found;
};
const bytesOf = (name) => Buffer.from(vector(name).hex, "hex");
const OK = { code: 1 };
/** The message that the operations of the vectors are about. */
const TARGET = 1234567890123456789n;

await init();

/** What the answer must have: what the vector of this name has, but what depends on the content. */
function like(answer, name) {
  const expected = decodeFrame(bytesOf(name), "server_to_client");
  const seen = shape(answer);
  const may = /\.(sender_name|reason|uid|deviceSN|next_key|prev_mid|content|ctype|attachment|ext)$/;
  const missing = [...shape(expected.payload)].filter((path) => !seen.has(path) && !may.test(path));
  assert.deepEqual(missing, [], `${name}: ${JSON.stringify(answer)}`);
}

for (const [kind, Wire] of Object.entries(WIRES)) {
  describe(kind, () => {
    let emulator;
    let amber;
    let basil;
    let people;
    let wire;
    let other;
    let clientIds = 1000n;
    const sent = [];

    before(async () => {
      emulator = await startEmulator();
      const ids = await emulator.ids();
      amber = await login(emulator.url, "amber");
      basil = await login(emulator.url, "basil");
      people = { 100: ids.amber, 200: ids.basil, 300: ids.clover, 900: ids.Team };
      other = await Wire.open(emulator.url);
      await other.provision({ ...basil, guid: "other" });
    });
    after(async () => {
      wire?.close();
      other?.close();
      await emulator.stop();
    });

    /** The bytes of a vector for this server; `target` takes the place of the message in it. */
    function adapted(bytes, { target = TARGET, serial, type } = {}) {
      const change = (field, value) => {
        switch (field) {
          case "XID.1":
            return value === 0n ? value : BigInt(people[Number(value - 6600000000000n)]);
          case "XID.2":
            return value === 0n ? value : BigInt(serial ?? amber.serial);
          case "Provision.6":
            return Buffer.from(amber.token);
          case "Meta.1":
            return ++clientIds;
          case "Operation.2":
          case "SyncUL.2":
            return value === TARGET ? BigInt(target) : value;
          default:
            return value;
        }
      };
      return rewrite(bytes, change, type);
    }

    /** Sends a vector; gives the payload of the answer. */
    async function send(name, options) {
      const bytes = options?.bytes ?? adapted(bytesOf(name), options);
      const { payload } = decodeFrame(bytes, "client_to_server");
      wire.send(bytes);
      const mid = payload?.meta?.id;
      const answer = await wire.next(
        ({ command, payload: p }) => command === 1 && (mid ? p.client_mid === mid : !p.client_mid && !p.is_eager_sync),
        name,
      );
      sent.push(name);
      return answer.payload;
    }

    /** Sends a vector that must be accepted; the answer must be like the one of the vectors. */
    async function accepted(name, options, ack = "send_ack_ok") {
      const answer = await send(name, options);
      assert.deepEqual(answer.status, OK, name);
      like(answer, ack);
      return answer;
    }

    test("nothing works before the login", async () => {
      wire = await Wire.open(emulator.url);
      const answer = await send("sync_pull_first_page", { serial: 0 });
      like(answer, "request_rejected_not_logged_in");
      assert.deepEqual(answer.status, { code: 9, reason: "you must login first" });
      wire.close();
    });

    for (const name of ["provision_web", "provision_uniapp", "provision_after_same_device_kick"]) {
      test(name, async () => {
        const first = await Wire.open(emulator.url);
        first.send(adapted(bytesOf(name), { serial: amber.serial ?? 0 }));
        const { payload } = await first.next(({ command }) => command === 3, name);
        assert.deepEqual(payload.status, OK);
        assert.equal(payload.xid.uid, amber.uid);
        assert.ok(payload.xid.deviceSN >= 1);
        first.close();
        sent.push(name);
        // The second time the device is known, and the time of the first login is told.
        wire = await Wire.open(emulator.url);
        wire.send(adapted(bytesOf(name), { serial: payload.xid.deviceSN }));
        const again = (await wire.next(({ command }) => command === 3, name)).payload;
        like(again, "provision_reply_ok");
        assert.equal(again.xid.deviceSN, payload.xid.deviceSN);
        amber.serial = payload.xid.deviceSN;
        if (name !== "provision_after_same_device_kick") wire.close();
      });
    }

    test("a wrong token", async () => {
      const stranger = await Wire.open(emulator.url);
      const forged = rewrite(adapted(bytesOf("provision_web")), (field, value) =>
        field === "Provision.6" ? Buffer.from("forged") : value,
      );
      stranger.send(forged);
      const { payload } = await stranger.next(({ command }) => command === 3, "the refusal");
      like(payload, "provision_reply_invalid_token");
      assert.equal(payload.status.code, 7);
      // The socket stays: a library that loses it would come back at once.
      assert.equal((await stranger.unread()).status.code, 9);
      stranger.close();
    });

    test("unread_request_heartbeat", async () => {
      wire.send(bytesOf("unread_request_heartbeat"));
      const { payload } = await wire.next(({ command }) => command === 0, "the unread list");
      like(payload, "unread_reply_empty");
      sent.push("unread_request_heartbeat");
    });

    test("pages", async () => {
      await other.sync({ meta: text(1, { uid: basil.uid }, amber.uid, "one") });
      await other.sync({ meta: text(2, { uid: basil.uid }, amber.uid, "two") });
      const notice = await wire.next(({ command }) => command === 2, "a notice");
      like(notice.payload, "notice_conversation");
      like(await wire.unread(), "unread_reply");
      const page = await send("sync_pull_first_page");
      like(page, "sync_reply_two_metas");
      assert.deepEqual(page.metas.map(({ payload }) => payload.content).slice(-2), ["one", "two"]);
      const end = await send("sync_pull_next_page", { target: page.next_key });
      like(end, "sync_reply_end");
      assert.equal(end.metas, undefined);
      like(await send("sync_pull_after_system_notice"), "sync_reply_end");
    });

    test("messages", async () => {
      for (const name of [
        "text_to_roster",
        "text_to_roster_with_ext_and_config",
        "location_to_roster",
        "image_to_group_with_read_ack",
        "mention_in_group",
        "typing",
        "rtc_call_message",
        "rtc_signal",
      ]) {
        await accepted(name);
      }
      const arrived = await other.sync({ xid: { uid: amber.uid } });
      const bodies = arrived.metas.slice(-4).map(({ payload }) => payload);
      assert.equal(bodies[0].content, "hello 你好");
      assert.equal(bodies[1].ext, '{"k":1}');
      assert.deepEqual(JSON.parse(bodies[2].attachment), { lat: 40.024422, lon: 116.398376, addr: "Park" });
      assert.equal(bodies[3].ctype, 8);
      const group = await other.sync({ xid: { uid: people[900] } });
      assert.equal(JSON.parse(group.metas.at(-2).payload.attachment).dName, "cat.png");
    });

    test("the same bytes again get the same ack", async () => {
      const bytes = adapted(bytesOf("text_to_roster"));
      const first = await send("text_to_roster", { bytes });
      assert.deepEqual(await send("text_to_roster", { bytes }), first);
    });

    test("operations on another's message", async () => {
      const { server_mid } = await other.sync({ meta: text(3, { uid: basil.uid }, amber.uid, "read me") });
      for (const name of ["read_ack", "play_ack", "deliver_ack", "read_all", "read_cancel", "delete_message"]) {
        await accepted(name, { target: server_mid });
      }
    });

    test("operations on one's own message", async () => {
      const own = async () => (await accepted("text_to_roster")).server_mid;
      const target = await own();
      await accepted("append", { target }, "send_ack_edit");
      await accepted("replace", { target }, "send_ack_edit");
      const quirk = await own();
      await accepted("replace_null_quirk", { target: quirk }, "send_ack_edit");
      const history = await send("history_request_newest");
      const find = (mid) => history.metas.find(({ id }) => id === mid).payload;
      assert.equal(find(target).content, "edited");
      assert.equal(find(target).ext, '{"k":2}');
      assert.equal(find(quirk).content, "edited");
      await accepted("recall", { target });
      const after = await send("history_request_before_mid", { target: quirk });
      assert.ok(after.metas.every(({ id }) => id !== target));
      await other.sync({ xid: { uid: amber.uid } });
    });

    test("history", async () => {
      const newest = await send("history_request_newest");
      like(newest, "history_reply");
      const ids = newest.metas.map(({ id }) => BigInt(id));
      assert.ok(ids.every((id, index) => index === 0 || id < ids[index - 1]));
      const older = await send("history_request_before_mid", { target: ids[1] });
      assert.ok(older.metas.every(({ id }) => BigInt(id) < ids[1]));
      assert.deepEqual((await send("history_request_rounded_key_quirk")).status, OK);
    });

    test("conversations", async () => {
      for (const name of ["conversation_delete_here", "conversation_delete_everywhere"]) {
        await accepted(name);
        const { unread = [] } = await wire.unread();
        assert.ok(unread.every(({ xid }) => xid.uid !== people[200]));
      }
    });

    test("proposal_zlib_crc32: compressed and checksummed", async () => {
      const { inflated_payload_hex } = vector("proposal_zlib_crc32");
      const plain = adapted(Buffer.from(inflated_payload_hex, "hex"), { type: "SyncUL" });
      const packed = deflateSync(plain);
      const bytes = Buffer.from([
        ...[0x10, 1, 0x18, 1, 0x22, ...varint(packed.length), ...packed],
        ...[0x38, ...varint(crc32(packed))],
      ]);
      wire.send(bytes);
      const mid = String(clientIds);
      const { payload } = await wire.next(({ payload: p }) => p?.client_mid === mid, "the ack");
      assert.deepEqual(payload.status, OK);
      sent.push("proposal_zlib_crc32");
    });

    for (const name of ["proposal_aes_cbc_128", "proposal_aes_cbc_256", "proposal_zlib_then_aes_cbc_128_crc32"]) {
      test(`${name}: not offered, and said so`, async () => {
        wire.send(bytesOf(name));
        const { payload } = await wire.next(({ command, payload: p }) => command === 1 && p.status.code !== 1, name);
        assert.match(payload.status.reason, /encrypt/);
        sent.push(name);
      });
    }

    test("what is unknown is ignored", async () => {
      wire.send(bytesOf("forward_compat_unknown_command_and_field"));
      assert.deepEqual((await wire.unread()).status, OK);
    });

    test("no vector was left out", () => {
      const all = vectors.filter(({ direction }) => direction === "client_to_server").map(({ name }) => name);
      assert.deepEqual([...new Set(sent)].sort(), all.sort());
    });
  });
}
