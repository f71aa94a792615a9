/**
 * What is sent: checks what an application gives and writes it as the protocol has it (xsync 5.4 - 5.8). Whatever
 * is wrong is `MessageInvalid` by the field's name, or `ArgumentInvalid` for an id that is none.
 */
import { badArgument, badMessage } from "../errors.js";
import type { FileKind, FileSource } from "./cloud-types.js";
import { FIELDS, isDegrees, isUrl, TYPES } from "./details.js";
import { userId } from "./ids.js";
import { parseJson, toJson, Verbatim } from "./json.js";
import type { IdInput, Message, MessageEdit, SendContent } from "./types.js";

/** The parameters of the core's `send`, without the conversation and the id. */
export interface RawContent {
  type: number;
  text: string;
  attachment?: string;
  config?: string;
  ext?: string;
  senderName?: string;
  qos?: number;
  priority?: number;
}

const KIB = 1024;
/** Bytes of UTF-8. */
const LIMITS = { text: 64 * KIB, ext: 16 * KIB, config: 16 * KIB, attachment: 256 * KIB, senderName: 256 } as const;

const QOS = ["atLeastOnce", "atMostOnce", "exactlyOnce"];

type Fields = { readonly [name: string]: unknown };
type Type = (typeof TYPES)[number];

/** Length in UTF-8, without a `TextEncoder`, which mini-programs lack. */
function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Two units of a pair take four bytes; a lone one is replaced by a character of three.
    const pair = unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    bytes += unit < 0x800 ? 1 : 2;
    if (pair) i++;
  }
  return bytes;
}

/** A text within the limit of its field; throws `MessageInvalid` naming the field. */
export function checked(text: unknown, field: keyof typeof LIMITS): string {
  if (typeof text !== "string") throw badMessage(field, "a text");
  const limit = LIMITS[field];
  if (text.length > limit || utf8Length(text) > limit) {
    throw badMessage(field, `at most ${limit < KIB ? `${limit} bytes` : `${limit / KIB} KiB`} in UTF-8`);
  }
  return text;
}

function filled(text: unknown, field: string): string {
  if (typeof text !== "string" || text === "") throw badMessage(field, "a text that is not empty");
  return checked(text, "text");
}

function fieldsOf(value: unknown, field: string, known?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badMessage(field, "an object");
  const other = known && Object.keys(value).find((name) => !known.includes(name));
  if (other !== undefined) throw badMessage(`${field}.${other}`, `left out: there are ${known?.join(", ")}`);
  return value as Fields;
}

function json(value: unknown, field: string): string {
  try {
    return toJson(value);
  } catch {
    throw badMessage(field, "something that JSON can hold"); // the reason may show what is in it
  }
}

/** Text as it is, an object as its JSON text. */
function extText(ext: unknown): string {
  if (typeof ext === "string") return checked(ext, "ext");
  if (typeof ext !== "object" || ext === null) throw badMessage("ext", "a text or an object");
  return checked(json(ext, "ext"), "ext");
}

const configText = (config: Fields): string => checked(json(config, "config"), "config");

function userIds(input: unknown, field: string): Verbatim[] {
  if (!Array.isArray(input)) throw badMessage(field, "an array of ids");
  return [...new Set(input.map((id: IdInput, index) => userId(id, `${field}[${index}]`)))].map(
    (id) => new Verbatim(id),
  );
}

/** Push options: what the config calls them, and what they may be. */
const PUSH: { readonly [name: string]: readonly [key: string, types: string] } = {
  title: ["title", "string"],
  message: ["pushMessage", "string"],
  mentionedMessage: ["mentionedMessage", "string"],
  silent: ["silent", "boolean"],
  badge: ["badge", "number"],
  noPush: ["noPush", "boolean"],
  ios: ["ios", "string object"],
  android: ["android", "string object"],
  titleLocKey: ["pushTitleLocKey", "string"],
  titleLocArgs: ["pushTitleLocArgs", "array"],
  messageLocKey: ["pushMessageLocKey", "string"],
  messageLocArgs: ["pushMessageLocArgs", "array"],
  showBeginTime: ["show_begin_time", "number"],
  showEndTime: ["show_end_time", "number"],
};

const typeName = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "array" : typeof value);

function pushConfig(push: unknown): Fields {
  const made: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fieldsOf(push, "push", Object.keys(PUSH)))) {
    const [key, types] = PUSH[name] ?? ["", ""];
    if (value === undefined) continue;
    if (!types.split(" ").includes(typeName(value)) || Number.isNaN(value)) {
      throw badMessage(`push.${name}`, `of type ${types.replace(" ", " or ")}`);
    }
    made[key] = value;
  }
  return made;
}

/** Attachments: the fields each kind may have; with `!` it must be there, with `?` it is left out if it is not given. */
const ATTACHMENTS: { readonly [type: string]: string | undefined } = {
  image: "url! name size width height thumbnailUrl?",
  video: "url! name size width height thumbnailUrl? duration?",
  file: "url! name size width height",
  audio: "url! name duration size?",
  location: "latitude! longitude! address",
};

function attachment(type: string, parts: string, given: unknown): Fields {
  const specs = parts.split(" ").map((part) => [part.replace(/[!?]/, ""), part.slice(-1)] as const);
  const fields = fieldsOf(
    given,
    type,
    specs.map(([name]) => name),
  );
  const made: Record<string, unknown> = {};
  for (const [name, mark] of specs) {
    const [key, numeric] = FIELDS[name as keyof typeof FIELDS];
    const value = fields[name];
    const field = `${type}.${name}`;
    if (value === undefined && mark !== "!") {
      if (mark !== "?") made[key] = numeric ? 0 : "";
      continue;
    }
    if (/url/i.test(name) && !isUrl(value)) {
      const file = value === undefined ? `, or ${type}.source a file` : "";
      throw badMessage(field, `a URL that begins with http:// or https://${file}`);
    }
    if (/itude/.test(name)) {
      if (!isDegrees(value, name === "latitude" ? 90 : 180)) throw badMessage(field, "an angle in degrees");
    } else if (numeric) {
      if (!(typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY)) {
        throw badMessage(field, "a number from 0");
      }
    } else if (typeof value !== "string") throw badMessage(field, "a text");
    made[key] = value;
  }
  return made;
}

/** A message of this package, as far as forwarding needs it. */
function message(given: unknown, field: string): Message {
  const it = given as Partial<Message> | null | undefined;
  const whole = typeof it?.text === "string" && typeof it.attachmentText === "string";
  if (!whole || TYPES.indexOf(it.type as Type) < 0) throw badMessage(field, "a message of a known type");
  return it as Message;
}

/**
 * The attachment of a merged forward, as nobody has documented one: `{"messages": [{id, from, name, type, content,
 * attachment, ext, timestamp}]}`, ids as texts, `type` as in `MessageBody.ContentType`, what is empty left out.
 */
function merged(given: unknown): string {
  if (!Array.isArray(given) || given.length === 0) throw badMessage("forwards", "an array of messages, at least one");
  const orNot = (text: string | null): string | undefined => text || undefined;
  const messages = given.map((each, index) => {
    const it = message(each, `forwards[${index}]`);
    // Only what is JSON: as it is, with every digit of its numbers.
    const attached = parseJson(it.attachmentText) === undefined ? undefined : new Verbatim(it.attachmentText);
    return {
      id: orNot(it.id),
      from: orNot(it.from),
      name: orNot(it.senderName),
      type: TYPES.indexOf(it.type as Type),
      content: it.text,
      attachment: attached,
      ext: orNot(it.ext),
      timestamp: it.timestamp,
    };
  });
  return json({ messages }, "forwards");
}

const KINDS = ["image", "audio", "video", "file", "location", "command", "forward", "forwards", "rtc", "text"];
const SOURCES = ["image", "audio", "video", "file"] as const;
const OPTIONS = ["ext", "mentions", "push", "readReceiptsFrom", "config", "senderName", "qos", "priority"];

function bodyOf(kind: string, given: Fields): RawContent {
  const value = given[kind];
  const parts = ATTACHMENTS[kind];
  const caption = given["text"] === undefined ? "" : checked(given["text"], "text");
  const typed = (type: Type, text: string, attached?: string): RawContent => ({
    type: TYPES.indexOf(type),
    text,
    ...(attached ? { attachment: checked(attached, "attachment") } : {}),
  });
  if (kind === "text") return typed("text", filled(value, "text"));
  if (parts) return typed(kind as Type, caption, json(attachment(kind, parts, value), kind));
  if (kind === "forwards") return typed("forward", caption, merged(value));
  if (kind === "forward") {
    const it = message(value, kind);
    return typed(it.type as Type, it.text, it.attachmentText);
  }
  return typed(kind as Type, kind === "command" ? filled(value, kind) : checked(value, "text"));
}

/** Checks what is to be sent and writes it as the core wants it. Throws `MessageInvalid` naming the field. */
export function checkContent(content: SendContent): RawContent {
  if (typeof content !== "object" || content === null) throw badArgument("content", "an object, such as {text}");
  const given = fieldsOf(content, "content", [...KINDS, ...OPTIONS]);
  const kinds = KINDS.filter((kind) => given[kind] !== undefined);
  const kind = kinds[0] ?? "text";
  if (kinds.filter((other) => other !== "text").length > 1) throw badMessage("content", `one of ${kinds.join(", ")}`);
  const { mentions, push, readReceiptsFrom, config, ext, senderName, qos, priority } = given;
  const raw = bodyOf(kind, given);
  const whole = {
    ...(config === undefined ? {} : fieldsOf(config, "config")),
    ...(push === undefined ? {} : pushConfig(push)),
    ...(mentions === "all" ? { mentionAll: true } : {}),
    ...(mentions === undefined || mentions === "all" ? {} : { mentionList: userIds(mentions, "mentions") }),
    ...(readReceiptsFrom === undefined ? {} : { groupMemberList: userIds(readReceiptsFrom, "readReceiptsFrom") }),
  };
  if (Object.keys(whole).length > 0) raw.config = configText(whole);
  if (ext !== undefined) raw.ext = extText(ext);
  if (senderName !== undefined) raw.senderName = checked(senderName, "senderName");
  if (qos !== undefined) {
    raw.qos = QOS.indexOf(qos as string);
    if (raw.qos < 0) throw badMessage("qos", `one of ${QOS.join(", ")}`);
  }
  if (priority !== undefined) {
    if (!Number.isInteger(priority) || (priority as number) < 0 || (priority as number) > 10) {
      throw badMessage("priority", "an integer from 0 to 10");
    }
    raw.priority = priority as number;
  }
  return raw;
}

/** The file that has to be uploaded before the content can be sent. */
export interface Source {
  readonly kind: FileKind;
  readonly file: FileSource;
  /** Empty when the content gives none. */
  readonly name: string;
  /** The content with the file's address and what is known of it in its place. */
  at(url: string, name: string): SendContent;
}

/** What `content` wants to be uploaded, once everything else in it is known to be right; undefined for nothing. */
export function sourceOf(content: SendContent): Source | undefined {
  const given = content as unknown as Fields | null | undefined;
  const kind = SOURCES.find((kind) => (given?.[kind] as Fields | undefined)?.["source"] !== undefined);
  if (!given || !kind) return undefined;
  const { source, ...fields } = given[kind] as Fields;
  if (fields["url"] !== undefined) throw badMessage(`${kind}.url`, "left out when there is a source");
  if (typeof source !== "object" || source === null) throw badMessage(`${kind}.source`, "a file");
  const known = "size" in source ? { size: source.size } : {};
  const at = (url: string, name: string): SendContent =>
    ({ ...given, [kind]: { name, ...known, ...fields, url } }) as unknown as SendContent;
  checkContent(at("https://upload/", "")); // nothing is uploaded in vain
  return { kind, file: source as FileSource, name: (fields["name"] as string | undefined) ?? "", at };
}

/** The messages that `content` forwards. */
function forwarded(content: SendContent): readonly Message[] {
  const { forward, forwards } = content as { forward?: Message; forwards?: readonly Message[] };
  return forwards ?? (forward ? [forward] : []);
}

/** What the attachment of a message is and where its file is, if it has one. */
function fileOf(message: Message): { attached: Fields; url: string } | undefined {
  const attached = parseJson(message.attachmentText) as Fields | null | undefined;
  const url = attached?.["url"];
  return attached && typeof url === "string" ? { attached, url } : undefined;
}

/** The addresses in checked content that are signed for the conversation from which it is forwarded (xsync 5.5). */
export function forwardedFiles(content: SendContent): string[] {
  const urls = forwarded(content).map((message) => fileOf(message)?.url ?? "");
  return [...new Set(urls)].filter((url) => /[?&](?:file_)?sign=/.test(url));
}

/** The same content with other addresses of the files it forwards. */
export function readdressed(content: SendContent, moved: ReadonlyMap<string, string>): SendContent {
  const messages = forwarded(content).map((message) => {
    const { attached, url = "" } = fileOf(message) ?? {};
    const to = moved.get(url);
    return to === undefined ? message : { ...message, attachmentText: toJson({ ...attached, url: to }) };
  });
  const [first] = messages;
  return ("forwards" in content ? { ...content, forwards: messages } : { ...content, forward: first }) as SendContent;
}

/** The parameters of an edit. Throws `MessageInvalid` naming the field. */
export function checkEdit(changes: MessageEdit): { text?: string; config?: string; ext?: string } {
  const { text, config, ext } = fieldsOf(changes, "changes", ["text", "config", "ext"]);
  const made = {
    ...(text === undefined ? {} : { text: filled(text, "text") }),
    ...(config === undefined ? {} : { config: configText(fieldsOf(config, "config")) }),
    ...(ext === undefined ? {} : { ext: extText(ext) }),
  };
  if (Object.keys(made).length === 0) throw badMessage("changes", "an object with text, config or ext");
  return made;
}
