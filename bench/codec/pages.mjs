// The pages that are measured: what a group of twelve may have written, the same in every run.
import { schema } from "./schema.mjs";

export const ME = "6600000000100";
const GROUP = "6600000009000";
const FIRST_ID = 1_234_567_890_123_456_789n; // beyond 2^53, as the servers have them

const CHINESE = [
  "今天下午三点开会，请大家准时参加，会议室在二楼。",
  "收到，我会提前十分钟到，需要我带投影仪吗？",
  "新版本已经发布到测试环境，麻烦大家帮忙看一下登录流程有没有问题，谢谢",
  "好的",
  "周末一起去爬山吧，天气预报说是晴天 ☀️",
  "这个问题我昨天也遇到了，重启以后就好了，原因还在查",
];
const ENGLISH = [
  "Sounds good, see you at three.",
  "The build is green again, thanks for looking into it!",
  "ok",
  "Could you send me the link to the document we talked about yesterday?",
];
const LONG = "这是一段很长的文字，用来测试一千个字的消息。".repeat(50).slice(0, 1000);

const config = (sender) =>
  JSON.stringify({
    mentionAll: false,
    mentionList: [6600000000100],
    mentionedMessage: "[有人@我]",
    pushMessage: "你收到一条新消息",
    senderNickname: sender,
  });

const image = (n) =>
  JSON.stringify({
    url: `https://files.example.com/message/attachment/6600000009000/${n}`,
    dName: `IMG_${n}.jpg`,
    fLen: 183_201 + n,
    width: 1080,
    height: 1440,
    tUrl: `https://files.example.com/message/attachment/6600000009000/${n}?thumb=1`,
  });

/** A text of forty characters, a config and an ext, each time. */
const full = (n, sender) => ({
  type: 3,
  ctype: 0,
  content: `${n}: ${"今天下午三点 let us meet in 会议室二楼，不见不散 👋 see you all".slice(0, 36)}`,
  config: config(sender),
  ext: JSON.stringify({ order: 1000 + n, tag: "vip" }),
  qos: 0,
  sender_name: sender,
  status: 0,
});

/** Of ten messages six are Chinese, three English, one is a picture. Every fourth has a config, every fifth an ext. */
function mixed(n, sender) {
  const made = { type: 3, ctype: 0, content: "", qos: 0, status: 0, sender_name: sender };
  if (n % 10 === 9) Object.assign(made, { ctype: 1, attachment: image(n) });
  else made.content = n % 10 < 6 ? CHINESE[n % CHINESE.length] : ENGLISH[n % ENGLISH.length];
  if (n % 4 === 1) made.config = config(sender);
  if (n % 4 === 3) made.config = made.ext = "null"; // what the web SDK of old sends for nothing
  if (n % 5 === 2) made.ext = JSON.stringify({ order: 1000 + n, tag: "vip" });
  return made;
}

const long = (_, sender) => ({ type: 3, ctype: 0, content: LONG, sender_name: sender });

function page(count, bodyOf) {
  const { Frame, Long, MessageBody, SyncDL } = schema;
  const uid = (text) => Long.fromString(text, true);
  const metas = Array.from({ length: count }, (_, n) => {
    const from = n % 12;
    return {
      id: Long.fromString(String(FIRST_ID + BigInt(n * 977)), true),
      from: { uid: uid(String(6600000000100 + 11 * from)), deviceSN: 3 + from },
      to: { uid: uid(GROUP) },
      timestamp: Long.fromNumber(1_732_500_000_000 + n * 41_000, true),
      ns: 1,
      payload: MessageBody.encode(bodyOf(n, `成员${from}`)).finish(),
    };
  });
  const payload = SyncDL.encode({
    status: { code: 1 },
    metas,
    next_key: Long.UZERO,
    xid: { uid: uid(GROUP) },
  }).finish();
  return Frame.encode({ vsn: 0, compress_method: 0, command: 1, payload }).finish();
}

/** Name to the bytes of a frame. */
export const pages = () => ({
  "1 message": page(1, mixed),
  "20 messages": page(20, mixed),
  "100 messages": page(100, mixed),
  "100, each with config and ext": page(100, full),
  "20 texts of 1000 characters": page(20, long),
});
