import type { Message, MessageType } from "floo-wasm";
import { t } from "../i18n/index.js";

/** The largest text a message can carry, in bytes of UTF-8. */
export const TEXT_LIMIT = 64 * 1024;

const encoder = new TextEncoder();

/** The size of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** A number of bytes for people, for example `70.1 KiB`. */
export function kibibytes(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KiB`;
}

/** One stretch of a message: plain, or a web address to link to. */
export interface Piece {
  readonly text: string;
  readonly href: string | null;
}

// An address ends before closing punctuation, so that a full stop or a bracket after it is not part of it.
const ADDRESS = /https?:\/\/[^\s<>"'\u3000-\u303f\uff00-\uffef]*[^\s<>"'.,;:!?)\]}\u3000-\u303f\uff00-\uffef]/g;

/** Splits a text at its web addresses. Joined again, the pieces are the text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const match of text.matchAll(ADDRESS)) {
    if (match.index > from) found.push({ text: text.slice(from, match.index), href: null });
    found.push({ text: match[0], href: match[0] });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ text: text.slice(from), href: null });
  return found;
}

const EMOJI_ONLY = /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\s])+$/u;

/** True for a short text of nothing but emoji, which is shown large and without a bubble. */
export function isEmojiOnly(text: string): boolean {
  return text.length <= 24 && EMOJI_ONLY.test(text) && text.trim() !== "";
}

/** What kind of message it is, in words. */
export const typeName = (type: MessageType): string => t(`type.${type}`);

/** A message in one line, for the conversation list and for screen readers. */
export function preview(message: Pick<Message, "type" | "text">): string {
  const text = message.text.slice(0, 200).replace(/\s+/g, " ").trim();
  if (message.type === "text") return text;
  return text === "" ? `[${typeName(message.type)}]` : `[${typeName(message.type)}] ${text}`;
}
