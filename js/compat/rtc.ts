/** Messages of type `rtc`: the signals of a call and the record that is left of it (xsync 5.10). */
import type { JsonObject, Message } from "../client/types.js";
import type { CustomerMessage } from "./shapes.js";

type Call = Pick<CustomerMessage, "content" | "ext"> & { config?: JsonObject | null };

/** What records say, to who called and to who was called. */
const WORDS: { readonly [reason: string]: readonly [caller: string, callee: string] | undefined } = {
  timeout: ["对方无应答", "未接来电"],
  canceled: ["通话已取消", "对方已取消通话"],
  rejected: ["对方已拒绝", "已拒绝通话"],
  busy: ["对方正忙", "忙线未接听"],
};

const two = (n: number): string => String(n).padStart(2, "0");

export const actionOf = (call: Call): unknown => call.config?.["action"];

const initiatorOf = (call: Call): string => String(call.config?.["initiator"] ?? "");

/** What a record says instead of its content; undefined for what is no record. */
export function recordText(message: Pick<Message, "config" | "text">, me: string): string | undefined {
  const { config, text } = message;
  if (config?.["action"] !== "record") return undefined;
  if (/^\d+$/.test(text)) {
    const seconds = Math.round(Number(text) / 1000);
    return `通话时长 ${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`;
  }
  return WORDS[text]?.[String(config["initiator"]) === me ? 0 : 1] ?? text;
}

/** A record is shown as sent by who began the call. */
export function reattributed(copy: CustomerMessage): CustomerMessage {
  const initiator = initiatorOf(copy);
  return initiator !== "" && initiator !== copy.from ? { ...copy, from: initiator, to: copy.from } : copy;
}

/** Whether it is a signal, which nobody reads. */
export const isSignal = (copy: CustomerMessage): boolean =>
  copy.type === "rtc" && (actionOf(copy) !== "record" || /"callId"/.test(copy.ext ?? ""));

/** Whether a call is under way, and who writes its record. */
export class CallState {
  active = false;

  /** Takes a live message. Answers with the record to be sent to the other side, if there is one. */
  take(call: Call, own: boolean, me: string): { content: string; config: object } | undefined {
    const action = actionOf(call);
    const was = this.active;
    if (own && (action === "call" || action === "pickup")) this.active = true;
    if (action !== "hangup" && action !== "record") return undefined;
    this.active = false;
    const config: JsonObject = call.config ?? {};
    const dropped = Boolean(config["peerDrop"]);
    const mine = initiatorOf(call) === me;
    if (action === "record" || !(own ? mine || dropped : was && mine && !dropped)) return undefined;
    const { callId, initiator, peerDrop, pushMessageLocKey, pushMessageLocArgs } = config as Record<string, unknown>;
    const record = { action: "record", callId, initiator, peerDrop, pushMessageLocKey, pushMessageLocArgs };
    return { content: call.content, config: record };
  }
}
