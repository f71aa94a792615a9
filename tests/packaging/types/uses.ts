// Every entry of the package as a strict TypeScript application uses it. Compiled, never run.
import {
  type Attachment,
  type AudioAttachment,
  type Client,
  type ClientEvents,
  type ConversationInfo,
  createClient,
  ErrorCode,
  errorRemediation,
  errorText,
  FlooError,
  type MediaAttachment,
  type Message,
  type UserId,
} from "floo-wasm";
import { decodeFrame, encodeFrame, init } from "floo-wasm/codec";
import { type CustomerMessage, flooim, type Im, type LegacyEventName, type SendingStatus } from "floo-wasm/compat";
import { createClient as createSlim } from "floo-wasm/slim";
import "floo-wasm/worker";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const holds = <T extends true>(): T | undefined => undefined;

export async function modern(signal: AbortSignal): Promise<readonly Message[]> {
  const client: Client = createClient({ appId: "floo-demo", servers: { dns: "http://127.0.0.1:7700/v2/app_dns" } });
  const off: () => void = client.on("messages", ({ messages }) => messages.map(({ text }) => text.length), { signal });
  const { userId } = await client.login({ username: "amber", password: "secret" }, { timeout: 1000, signal });
  holds<Equal<typeof userId, UserId>>();
  const conversation = client.conversation({ user: userId });
  const sent = await conversation.send({ text: "x", ext: "{}" });
  holds<Equal<typeof sent, Message>>();
  holds<Equal<ClientEvents["message"], { message: Message }>>();
  const rows: readonly ConversationInfo[] = client.conversations.snapshot;
  for await (const page of conversation.history({ pageSize: 20 })) if (page.length > rows.length) return page;
  off();
  const picture = { url: "https://example.org/a.png", width: 3 };
  await conversation.send({ image: picture, text: "caption", mentions: "all", push: { title: "t" } }, { signal });
  await conversation.send({ forwards: [sent], readReceiptsFrom: [userId, 7n], qos: "atMostOnce", priority: 3 });
  const edited: Message | null = await conversation.edit(sent, { text: "y", config: { k: 1n } });
  await conversation.append("5", "z", { ext: { ai: { finish: true } }, timeout: 5 });
  await conversation.delete(sent, { scope: "device" });
  const readers: readonly UserId[] = (await conversation.readBy(sent)).read;
  const { attachment } = edited ?? sent;
  if (attachment?.type === "location") holds<Equal<typeof attachment.latitude, number>>();
  if (attachment?.type === "forward") holds<Equal<(typeof attachment.messages)[0]["text"], string>>();
  const message = edited ?? sent;
  if (message.type === "image") holds<Equal<typeof message.attachment, MediaAttachment | null>>();
  if (message.type === "audio") holds<Equal<typeof message.attachment, AudioAttachment | null>>();
  holds<Equal<Message["attachment"], Attachment | null>>();
  client.on("notice", (notice) => {
    if (notice.kind === "account") return notice.type === "password-changed" && readers.length > 0;
    // @ts-expect-error groups and contacts have no passwords
    return notice.type === "password-changed";
  });
  for await (const { change, appended } of client.events("message:updated", { signal })) {
    if (change === "append") holds<Equal<typeof appended, string | undefined>>();
  }
  const notices = await client.notices.list();
  await client.notices.dismiss(notices);
  await conversation.messages({ before: sent, limit: 5 });
  for await (const page of conversation.history({ after: "5" })) holds<Equal<typeof page, readonly Message[]>>();
  if (sent.clientId) await client.outbox.resend(sent.clientId);
  const report: string = client.logs.export();
  // @ts-expect-error one kind of content at a time has its own fields
  await conversation.send({ image: { latitude: report.length } });
  // @ts-expect-error an event of that name does not exist
  client.on("no-such-event", () => undefined);
  // @ts-expect-error a message id is not a user id
  const wrong: UserId = sent.id;
  // @ts-expect-error snapshots are read-only
  rows[0] = wrong;
  // @ts-expect-error appId is missing
  createClient({});
  return [];
}

export const slim: Client = createSlim({ appId: "a", wasm: new URL("https://example.org/floo_wasm_bg.wasm") });
export const inWorker: Client = createSlim({
  appId: "a",
  worker: () => new Worker(new URL("floo-wasm/worker", "https://example.org"), { type: "module" }),
});
// @ts-expect-error the slim entry has to be told where the core is
createSlim({ appId: "a" });

export const isTimeout = (thrown: unknown): boolean =>
  thrown instanceof FlooError && (thrown.number === ErrorCode.ServerTimeOut || thrown.code === "ServerTimeOut");
// @ts-expect-error there is no error of that name
export const isMistyped = (error: FlooError): boolean => error.code === "ServerTimeout";

export const shown = (error: FlooError): string =>
  [errorText(error, "zh"), errorRemediation(error, "zh"), errorText("UserNotExist"), errorText(104, "en")].join();
// @ts-expect-error there is no such language
errorText(104, "fr");
// @ts-expect-error there is no such code
errorText("NoSuchCode");

export function legacy(): number {
  const im: Im = flooim({ appid: "floo-demo" });
  im.on("onRosterMessage", (message: CustomerMessage) => message.content);
  im.on("onSendingMessageStatusChanged", (change: SendingStatus) => change.mid);
  const known: LegacyEventName = "userKicked";
  im.listen({ [known]: () => undefined, somethingElse: () => undefined });
  const other: Client = new flooim({ appid: "other" }).client;
  return im.sysManage.sendRosterMessage({ uid: "12", content: other.state, type: "text" });
}

export async function codec(): Promise<number> {
  await init();
  const bytes: Uint8Array = encodeFrame({ command: 0 });
  const command: number = decodeFrame(bytes, "client_to_server").command;
  // @ts-expect-error there are two directions
  decodeFrame(bytes, "sideways");
  return command;
}
