/** What the JSON texts of a message say (xsync 5.7, 5.8). Whatever is in there came from somebody else. */
import { compareIds, MAX_ID } from "./ids.js";
import { parseJson } from "./json.js";
import type {
  Attachment,
  ForwardedMessage,
  JsonObject,
  JsonValue,
  Message,
  MessageId,
  MessageType,
  UserId,
} from "./types.js";

/** By `MessageBody.ContentType`. */
export const TYPES = [
  "text",
  "image",
  "audio",
  "video",
  "file",
  "location",
  "command",
  "forward",
  "rtc",
] as const satisfies readonly MessageType[];

/** Fields of attachments: what we call them, what the protocol calls them, and whether they are numbers. */
export const FIELDS = {
  url: ["url", false],
  name: ["dName", false],
  size: ["fLen", true],
  width: ["width", true],
  height: ["height", true],
  thumbnailUrl: ["tUrl", false],
  duration: ["duration", true],
  latitude: ["lat", true],
  longitude: ["lon", true],
  address: ["addr", false],
} as const;

/** What attachments of a kind are made of. Literals, because engines make those several times faster than loops do. */
const MAKERS: { readonly [type: string]: ((type: MessageType, raw: JsonObject) => object) | undefined } = {
  image: media,
  video: media,
  file: media,
  audio: (type, raw) => ({
    type,
    raw,
    url: text(raw["url"]),
    name: text(raw["dName"]),
    duration: number(raw["duration"]),
    size: number(raw["fLen"]),
  }),
  location: (type, raw) => ({
    type,
    raw,
    latitude: number(raw["lat"]),
    longitude: number(raw["lon"]),
    address: text(raw["addr"]),
  }),
};

function media(type: MessageType, raw: JsonObject): object {
  return {
    type,
    raw,
    url: text(raw["url"]),
    name: text(raw["dName"]),
    size: number(raw["fLen"]),
    width: number(raw["width"]),
    height: number(raw["height"]),
    thumbnailUrl: isUrl(raw["tUrl"]) ? raw["tUrl"] : "",
    duration: number(raw["duration"]),
  };
}

/** Merged forwards inside each other are read so deep. */
const DEPTH = 4;

/** Addresses that a page can use; others could be scripts. */
export const isUrl = (value: unknown): value is string =>
  typeof value === "string" && /^https?:\/\/[^\s/]/i.test(value);

const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const text = (value: JsonValue | undefined): string => (typeof value === "string" ? value : "");
const number = (value: JsonValue | undefined): number =>
  typeof value === "number" && Number.isFinite(value) ? value : 0;

/** An id in either of the forms that JSON has for it; empty when it is none. */
function id(value: JsonValue | undefined): string {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return String(value);
  const digits = text(value);
  return /^[1-9]\d{0,19}$/.test(digits) && compareIds(digits, MAX_ID) <= 0 ? digits : "";
}

/** A list of ids; what is none is left out. */
export const ids = (value: JsonValue | undefined): UserId[] =>
  (Array.isArray(value) ? value : []).map(id).filter((it) => it !== "") as UserId[];

/** The attachment of a message of that type; null when it cannot be used. */
export function attachmentOf(type: MessageType, raw: JsonValue | undefined, depth = DEPTH): Attachment | null {
  if (!isObject(raw)) return null;
  if (type === "forward") {
    const { messages } = raw;
    if (!Array.isArray(messages) || depth === 0) return null;
    return { type, messages: messages.filter(isObject).map((it) => forwarded(it, depth - 1)), raw };
  }
  const make = MAKERS[type];
  if (!make) return { type: "other", raw };
  const usable = type === "location" ? isDegrees(raw["lat"], 90) && isDegrees(raw["lon"], 180) : isUrl(raw["url"]);
  return usable ? (make(type, raw) as Attachment) : null;
}

/** Whether it is an angle, at most so far from 0. */
export const isDegrees = (value: unknown, most: number): boolean =>
  typeof value === "number" && Math.abs(value) <= most;

function forwarded(raw: JsonObject, depth: number): ForwardedMessage {
  const type = TYPES[typeof raw["type"] === "number" ? raw["type"] : -1] ?? "unknown";
  return {
    id: (id(raw["id"]) || null) as MessageId | null,
    from: (id(raw["from"]) || null) as UserId | null,
    senderName: text(raw["name"]),
    type,
    text: text(raw["content"]),
    attachment: attachmentOf(type, raw["attachment"], depth),
    ext: text(raw["ext"]),
    timestamp: number(raw["timestamp"]),
  };
}

/** What a config says; null when it is not readable. */
export function configOf(text: string): JsonObject | null {
  const config = parseJson(text);
  return isObject(config) ? config : null;
}

type Details = Pick<
  Message,
  "attachment" | "attachmentText" | "config" | "configText" | "mentions" | "mentionAll" | "readReceiptsFrom"
>;

/** The fields of a message that are in its JSON texts. What is not readable is as if it were not there. */
export function details(type: MessageType, attachmentText: string, configText: string): Details {
  const config = configText === "" ? null : configOf(configText);
  return {
    attachment: attachmentText === "" ? null : attachmentOf(type, parseJson(attachmentText)),
    attachmentText,
    config,
    configText,
    mentions: ids(config?.["mentionList"]),
    mentionAll: config?.["mentionAll"] === true,
    readReceiptsFrom: ids(config?.["groupMemberList"]),
  };
}
