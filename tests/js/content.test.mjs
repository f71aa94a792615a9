// What is sent and what came: content, configs, attachments, ids of 64 bits.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sources } from "./bundle.mjs";
import { messagesTape } from "./fake-engine.mjs";

const js = await sources("js/client/content.ts", "js/client/details.ts", "js/client/json.ts", "js/tape.ts");
const MAX = "18446744073709551615";
const URL_A = "https://files.test/a?file_sign=1";

const refuses = (content, code, field) =>
  assert.throws(
    () => js.checkContent(content),
    (error) => {
      assert.deepEqual([error.name, error.code], ["FlooError", code], String(error));
      assert.ok(error.message.startsWith(field), `${error.message} should begin with ${field}`);
      return true;
    },
  );
/** What came, of what `checkContent` has made. */
const received = ({ type, text, attachment = "", config = "", ext = "", ...row }) =>
  js.readMessages(messagesTape({ id: "5", from: "3", type, text, attachment, config, ext, ...row }))[0];

describe("JSON", () => {
  test("whole numbers beyond 2^53 - 1 become texts, everything else stays", () => {
    const text = `{"a":${MAX},"b":[-9223372036854775808,9007199254740991],"c":"x ${MAX} \\" ${MAX}","d":1.1234567890123456789,"e":1e22}`;
    assert.deepEqual(js.parseJson(text), {
      a: MAX,
      b: ["-9223372036854775808", 9007199254740991],
      c: `x ${MAX} " ${MAX}`,
      d: 1.1234567890123457,
      e: 1e22,
    });
    assert.equal(js.parseJson(MAX), MAX);
  });

  test("a large number is found wherever it stands, and a long row of smaller ones is none", () => {
    const large = ["9007199254740993", "12345678901234567890"];
    for (let before = 0; before < 40; before++) {
      for (const number of large) {
        const text = `{"${"a".repeat(before)}":[${number}],"b":1}`;
        assert.deepEqual(js.parseJson(text), { ["a".repeat(before)]: [number], b: 1 }, text);
      }
      const small = Array.from({ length: before }, (_, n) => 123456789012345 + n);
      assert.deepEqual(js.parseJson(JSON.stringify(small)), small);
    }
  });

  test("text that is no JSON gives nothing, quickly", () => {
    const start = performance.now();
    const hostile = `{"a":"${'\\"'.repeat(300_000)}1234567890123456`;
    for (const text of ["", "{", "null x", `{"a":0${MAX}}`, '{"a":}', hostile]) {
      assert.equal(js.parseJson(text), undefined, text.slice(0, 20));
    }
    assert.ok(performance.now() - start < 2000);
  });

  test("bigints are written as numbers, what JSON cannot hold as it does", () => {
    const date = new Date(0);
    const value = {
      a: 2n ** 64n - 1n,
      b: [undefined, () => 1, null],
      c: undefined,
      d: date,
      e: { f: "\u2028" },
      g: NaN,
    };
    assert.equal(
      js.toJson(value),
      `{"a":${MAX},"b":[null,null,null],"d":"${date.toJSON()}","e":{"f":"\u2028"},"g":null}`,
    );
    assert.equal(js.toJson(new js.Verbatim("[007]")), "[007]");
  });
});

describe("content", () => {
  test("a text alone is a text alone", () => {
    assert.deepEqual(js.checkContent({ text: "hi" }), { type: 0, text: "hi" });
  });

  test("everything that goes along", () => {
    const { config, ...rest } = js.checkContent({
      text: "hi",
      ext: { any: "json" },
      mentions: [MAX, 7, 7n, "7"],
      readReceiptsFrom: [2n ** 63n],
      config: { own: 2n ** 60n, title: "mine" },
      push: { title: "T", message: "M", silent: false, badge: 3, ios: { a: 1 }, messageLocArgs: ["x"] },
      senderName: "Amber",
      qos: "exactlyOnce",
      priority: 10,
    });
    assert.deepEqual(rest, { type: 0, text: "hi", ext: '{"any":"json"}', senderName: "Amber", qos: 2, priority: 10 });
    assert.equal(
      config,
      '{"own":1152921504606846976,"title":"T","pushMessage":"M","silent":false,"badge":3,"ios":{"a":1},' +
        `"pushMessageLocArgs":["x"],"mentionList":[${MAX},7],"groupMemberList":[9223372036854775808]}`,
    );
    assert.deepEqual(received({ type: 0, text: "hi", config }).mentions, [MAX, "7"]);
    assert.deepEqual(received({ type: 0, text: "hi", config }).readReceiptsFrom, ["9223372036854775808"]);
    assert.equal(js.checkContent({ text: "x", mentions: "all" }).config, '{"mentionAll":true}');
    assert.equal(js.checkContent({ text: "x", config: {}, push: {} }).config, undefined);
  });

  test("attachments have the keys of the protocol, and are read as they were given", () => {
    const media = { url: URL_A, name: "a.b", size: 5, width: 828.5, height: 6 };
    const cases = [
      [{ image: media, text: "cap" }, 1, "cap", { ...media, thumbnailUrl: "", duration: 0 }],
      [{ image: { url: URL_A } }, 1, "", { url: URL_A, name: "", size: 0, width: 0, height: 0 }],
      [{ audio: { url: URL_A, duration: 2, size: 9 } }, 2, "", { url: URL_A, name: "", duration: 2, size: 9 }],
      [
        { video: { ...media, thumbnailUrl: URL_A, duration: 1 } },
        3,
        "",
        { ...media, thumbnailUrl: URL_A, duration: 1 },
      ],
      [{ file: media }, 4, "", media],
      [
        { location: { latitude: -33.5, longitude: 151, address: "Sydney" } },
        5,
        "",
        { latitude: -33.5, longitude: 151, address: "Sydney" },
      ],
    ];
    for (const [content, type, text, expected] of cases) {
      const raw = js.checkContent(content);
      assert.deepEqual([raw.type, raw.text], [type, text]);
      const { attachment } = received(raw);
      assert.equal(attachment.type, Object.keys(content)[0]);
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(attachment[name], value, name);
      assert.deepEqual(attachment.raw, JSON.parse(raw.attachment));
    }
    assert.equal(
      js.checkContent({ image: media }).attachment,
      `{"url":"${URL_A}","dName":"a.b","fLen":5,"width":828.5,"height":6}`,
    );
    assert.equal(js.checkContent({ audio: { url: URL_A } }).attachment, `{"url":"${URL_A}","dName":"","duration":0}`);
  });

  test("commands and calls", () => {
    assert.deepEqual(js.checkContent({ command: "do" }), { type: 6, text: "do" });
    assert.deepEqual(js.checkContent({ rtc: "", config: { action: "call" } }), {
      type: 8,
      text: "",
      config: '{"action":"call"}',
    });
  });

  test("one message is forwarded as it is, without config and ext, every digit kept", () => {
    const attachment = `{"url":"${URL_A}","own":${MAX}}`;
    const it = received({ type: 1, text: "cap", attachment, config: '{"mentionAll":true}', ext: "mine" });
    assert.deepEqual(js.checkContent({ forward: it }), { type: 1, text: "cap", attachment });
    assert.equal(js.checkContent({ forward: it, ext: it.ext }).ext, "mine");
  });

  test("several messages are forwarded as one, and read again", () => {
    const first = received({ id: MAX, type: 0, text: "你好", senderName: "A", ext: "e", timestamp: 9 });
    const second = received({ type: 1, text: "", attachment: `{"url":"${URL_A}","own":${MAX}}` });
    const inner = js.checkContent({ forwards: [first, second], text: "two" });
    assert.deepEqual([inner.type, inner.text], [7, "two"]);
    assert.ok(inner.attachment.includes(`"own":${MAX}`));
    const outer = received(js.checkContent({ forwards: [received(inner), received({ type: 0, text: "last" })] }));
    const [whole, last] = outer.attachment.messages;
    assert.deepEqual([whole.type, whole.text, last.text], ["forward", "two", "last"]);
    const [one, two] = whole.attachment.messages;
    assert.deepEqual(one, {
      id: MAX,
      from: "3",
      senderName: "A",
      type: "text",
      text: "你好",
      attachment: null,
      ext: "e",
      timestamp: 9,
    });
    assert.deepEqual([two.type, two.attachment.url, two.attachment.raw.own], ["image", URL_A, MAX]);
  });

  test("what is wrong is named", () => {
    const it = received({ type: 0, text: "x" });
    for (const [content, field] of [
      [{}, "text"],
      [{ txt: "x" }, "content.txt"],
      [{ image: { url: URL_A }, file: { url: URL_A } }, "content"],
      [{ command: "" }, "command"],
      [{ rtc: 5 }, "text"],
      [{ image: {} }, "image.url must be a URL that begins with http:// or https://, or image.source a file."],
      [
        { image: new Blob([]) },
        "image.url must be a URL that begins with http:// or https://, or image.source a file.",
      ],
      [{ image: URL_A }, "image"],
      [{ image: { url: "javascript:alert(1)" } }, "image.url"],
      [{ image: { url: URL_A, thumbnailUrl: "data:x" } }, "image.thumbnailUrl"],
      [{ image: { url: URL_A, size: -1 } }, "image.size"],
      [{ image: { url: URL_A, width: "5" } }, "image.width"],
      [{ image: { url: URL_A, name: 5 } }, "image.name"],
      [{ image: { url: URL_A, duration: 5 } }, "image.duration"],
      [{ audio: { url: URL_A, duration: Number.NaN } }, "audio.duration"],
      [{ location: { latitude: 91, longitude: 0 } }, "location.latitude"],
      [{ location: { latitude: 0 } }, "location.longitude"],
      [{ image: { url: URL_A }, text: "a".repeat(65537) }, "text"],
      [{ text: "x", ext: { a: "b".repeat(16384) } }, "ext"],
      [{ text: "x", ext: null }, "ext"],
      [{ text: "x", config: "{}" }, "config"],
      [{ text: "x", config: [] }, "config"],
      [{ text: "x", config: { a: "b".repeat(16384) } }, "config"],
      [{ text: "x", push: { badge: "3" } }, "push.badge"],
      [{ text: "x", push: { sound: "x" } }, "push.sound"],
      [{ text: "x", mentions: "some" }, "mentions"],
      [{ text: "x", senderName: "好".repeat(86) }, "senderName"],
      [{ text: "x", qos: "always" }, "qos"],
      [{ text: "x", priority: 11 }, "priority"],
      [{ text: "x", priority: 0.5 }, "priority"],
      [{ forward: {} }, "forward"],
      [{ forward: { ...it, type: "unknown" } }, "forward"],
      [{ forwards: [] }, "forwards"],
      [{ forwards: [it, {}] }, "forwards[1]"],
      [{ forwards: Array(5).fill({ ...it, text: "x".repeat(60000) }) }, "attachment"],
    ]) {
      refuses(content, "MessageInvalid", field);
    }
    refuses({ text: "x", mentions: ["0"] }, "ArgumentInvalid", "mentions[0]");
    refuses({ text: "x", readReceiptsFrom: [2 ** 53] }, "ArgumentInvalid", "readReceiptsFrom[0]");
    const cycle = { name: "secret words" };
    cycle.self = cycle;
    refuses({ text: "x", ext: cycle }, "MessageInvalid", "ext must be something that JSON can hold.");
  });

  test("edits replace something", () => {
    assert.deepEqual(js.checkEdit({ text: "new" }), { text: "new" });
    assert.deepEqual(js.checkEdit({ config: { a: 2n ** 60n }, ext: {} }), {
      config: '{"a":1152921504606846976}',
      ext: "{}",
    });
    for (const bad of [{}, null, { text: "" }, { txt: "x" }, { config: "{}" }, { ext: 5 }]) {
      assert.throws(() => js.checkEdit(bad), { code: "MessageInvalid" });
    }
  });
});

describe("what came", () => {
  const attached = (type, attachment) => received({ type, text: "", attachment });

  test("attachments that cannot be used are null, their text is there", () => {
    for (const [type, text] of [
      [1, "{"],
      [1, "null"],
      [1, "[]"],
      [1, '"x"'],
      [1, "{}"],
      [1, '{"url":5}'],
      [1, '{"url":"javascript:alert(1)"}'],
      [4, '{"url":"/relative"}'],
      [2, '{"dName":"a"}'],
      [5, '{"lat":"1","lon":2}'],
      [5, '{"lat":1,"lon":181}'],
      [7, '{"messages":5}'],
      [7, "{}"],
    ]) {
      const message = attached(type, text);
      assert.deepEqual([message.attachment, message.attachmentText], [null, text], text);
    }
  });

  test("fields of the wrong form are as if they were not there", () => {
    const { attachment } = attached(
      3,
      `{"url":"${URL_A}","dName":5,"fLen":"9","width":null,"tUrl":"x:y","duration":[]}`,
    );
    const { name, size, width, thumbnailUrl, duration } = attachment;
    assert.deepEqual([name, size, width, thumbnailUrl, duration], ["", 0, 0, "", 0]);
  });

  test("a text with an attachment keeps it, one of a later version too", () => {
    for (const type of [0, 6, 8, 42]) {
      assert.deepEqual(attached(type, '{"a":1}').attachment, { type: "other", raw: { a: 1 } });
    }
  });

  test("a merged forward skips what is no message and ends in the depth", () => {
    const { messages } = attached(7, '{"messages":[5,null,{"type":99,"from":"x","id":-1,"content":7},[]]}').attachment;
    assert.deepEqual(messages, [
      { id: null, from: null, senderName: "", type: "unknown", text: "", attachment: null, ext: "", timestamp: 0 },
    ]);
    let deep = '{"messages":[]}';
    for (let i = 0; i < 50; i++) deep = `{"messages":[{"type":7,"attachment":${deep}}]}`;
    let depth = 0;
    for (let it = attached(7, deep).attachment; it; it = it.messages[0]?.attachment) depth++;
    assert.equal(depth, 4);
  });

  test("configs that cannot be read are null, their text is there", () => {
    for (const config of ["{", "null", "[1]", "5"]) {
      const message = received({ type: 0, text: "x", config });
      assert.deepEqual([message.config, message.configText, message.mentions], [null, config, []]);
    }
    const odd = received({ type: 0, text: "x", config: '{"mentionList":["8",-1,0,null,{},1.5],"mentionAll":"yes"}' });
    assert.deepEqual([odd.mentions, odd.mentionAll], [["8"], false]);
  });
});
