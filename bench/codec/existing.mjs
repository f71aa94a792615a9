// The way of the existing SDK: reflection, `Long`, each JSON text parsed for every message with 64-bit numbers in mind,
// whether there is one or not, and the name of a type looked up in an object of all of them.
// In the versions that it has.
import jsonBig from "json-bigint";
import Long from "long4";
import protobuf from "protobufjs6";
import proto from "../../src/core/proto/xsync.proto";

protobuf.util.Long = Long;
protobuf.configure();

const { root } = protobuf.parse(proto, { keepCase: true });
const [Frame, SyncDL, MessageBody] = ["Frame", "SyncDL", "MessageBody"].map((name) =>
  root.lookupType(`im.floo.protobuf.${name}`),
);

const TYPES = { TEXT: 0, IMAGE: 1, AUDIO: 2, VIDEO: 3, FILE: 4, LOCATION: 5, COMMAND: 6, FORWARD: 7, RTC: 8 };
const CHAT = 2;

function parsed(parse, text) {
  try {
    return parse(text);
  } catch {
    return null; // as the existing SDK does, for empty texts too
  }
}

const decimal = (long) => (long ? long.toString() : "0");

function converted(meta) {
  const body = MessageBody.decode(meta.payload);
  const attach = parsed(JSON.parse, body.attachment);
  const config = parsed(jsonBig.parse, body.config);
  const name = Object.keys(TYPES)[body.ctype];
  const message = {
    id: decimal(meta.id),
    from: decimal(meta.from.uid),
    to: decimal(meta.to.uid),
    content: body.content,
    type: name ? Object.keys(TYPES)[body.ctype].toLowerCase() : undefined,
    ext: body.ext,
    status: body.status,
    timestamp: decimal(meta.timestamp),
    toType: body.type === CHAT ? "roster" : "group",
    isHistory: false,
    isNative: false,
    isPlayed: false,
    editTimestamp: decimal(body.edit_timestamp),
  };
  if (attach) message.attach = attach;
  if (config) message.config = config;
  return message;
}

/** The messages of a frame, in the existing SDK's form. */
export function existing(bytes) {
  const frame = Frame.decode(bytes);
  return SyncDL.decode(frame.payload).metas.map(converted);
}
