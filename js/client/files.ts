/** Files: where they go to and come from is the core's word, the bytes are the platform's business (http-api 7). */
import { badArgument, type FlooError, failure } from "../errors.js";
import { waiter } from "./calls.js";
import type { Api } from "./cloud.js";
import type { FileKind, FileSource, Files, SharedFile, TransferOptions } from "./cloud-types.js";
import { conversationKey, groupId } from "./ids.js";
import type { CallOptions, ConversationKey } from "./types.js";

/** A transfer, for the platform. `file` is the last field of the form, and the whole body of a PUT. */
export interface Upload {
  readonly method: "POST" | "PUT";
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly fields: Record<string, string>;
  readonly file: FileSource;
  readonly name: string;
}

/** How a platform moves files. Rejects when no answer came; after `stop` whatever it does is of no interest. */
export interface Transfers {
  /** Throws `ArgumentInvalid` for a source that this platform cannot read. */
  check(file: FileSource): { readonly name: string };
  upload(
    what: Upload,
    progress: (loaded: number, total: number) => void,
    stop: Stop,
  ): Promise<{ status: number; body: string }>;
  download(
    from: { url: string; headers: Record<string, string>; cache: boolean },
    progress: (loaded: number, total: number) => void,
    stop: Stop,
  ): Promise<{ status: number; file: Blob | { path: string } }>;
}

/** Calls back when the transfer is to end; at once when it should have already. */
export type Stop = (end: () => void) => void;

/** How often an upload is tried. */
const ATTEMPTS = 3;
/** How long nothing happens after the first failure, in milliseconds; longer each time. */
const PAUSE = 500;

const KINDS: Record<FileKind, readonly [chat: number, shared: number]> = {
  file: [100, 200],
  audio: [104, 201],
  image: [102, 202],
  video: [103, 203],
};

/** Where to upload to, as the cloud says; its fields of the form keep the names they have. */
interface Slot {
  readonly upload_url: string;
  readonly upload_method?: string;
  readonly download_url: string;
  readonly oss_body_param?: Record<string, unknown>;
}

/** What `files` needs of its client. */
export interface FileCore {
  readonly api: Api;
  raw<T>(endpoint: string, params?: object, options?: CallOptions): Promise<T>;
  /** The address and headers for a file. */
  locate(url: string, options?: CallOptions): Promise<{ url: string; headers: Record<string, string> }>;
  transfers(): Transfers;
  /** Reports what a listener of a transfer has thrown. */
  threw(thrown: unknown): void;
}

const unanswered = (
  code: "ServerFileUploadUnknownError" | "ServerFileDownloadUnknownError",
  status: number,
): FlooError =>
  failure(code, "http", `The server answered with HTTP status ${status}.`, undefined, undefined, status >= 500);

/** Whether the storage has taken it (http-api 7): Ceph says `{"data": true}`, OSS `{"Status": "OK"}`, others only 2xx. */
function taken(body: string): boolean {
  try {
    const said = JSON.parse(body) as { data?: unknown; Status?: unknown; code?: unknown } | null;
    if (said === null || typeof said !== "object") return true;
    return said.data === true || said.Status === "OK" || (said.data === undefined && said.Status === undefined);
  } catch {
    return true; // not JSON: XML of a storage, or nothing; the status has said it
  }
}

const kindOf = (kind: unknown, shared: 0 | 1): number => {
  const known = KINDS[(kind ?? "file") as FileKind];
  if (!known) throw badArgument("options.kind", `one of ${Object.keys(KINDS).join(", ")}`);
  return known[shared];
};

const receiver = (of: ConversationKey): { to_id: string; to_type: number } => {
  if (of.kind === "system") throw badArgument("to", "a conversation with a user or a group");
  return { to_id: of.id, to_type: of.kind === "group" ? 2 : 1 };
};

/** See `Files`. */
export function filesOf(core: FileCore): Files {
  /** Runs a transfer until it ends, or the signal or the time limit end it. */
  const run = async <T>(
    what: string,
    options: TransferOptions | undefined,
    act: (
      progress: (loaded: number, total: number) => void,
      stop: Stop,
      wait: CallOptions,
      over: () => boolean,
    ) => Promise<T>,
  ): Promise<T> => {
    const listener = options?.onProgress;
    if (listener !== undefined && typeof listener !== "function") throw badArgument("options.onProgress", "a function");
    const wait = waiter<T>(what, options);
    const ends = new Set<() => void>();
    const stop: Stop = (end) => {
      if (wait.done) end();
      else ends.add(end);
    };
    const progress = (loaded: number, total: number): void => {
      if (wait.done || !listener) return;
      try {
        const answer: unknown = listener({ loaded, total });
        if (answer instanceof Promise) answer.catch(core.threw);
      } catch (thrown) {
        core.threw(thrown); // it is no fault of the transfer
      }
    };
    const signal = options?.signal === undefined ? {} : { signal: options.signal };
    if (!wait.done) act(progress, stop, signal, () => wait.done).then(wait.resolve, wait.reject);
    try {
      return await wait.promise;
    } finally {
      for (const end of ends) end();
    }
  };

  const put = async (
    endpoint: string,
    params: object,
    file: FileSource,
    name: string | undefined,
    options: TransferOptions | undefined,
  ): Promise<{ url: string }> => {
    const transfers = core.transfers();
    const given = transfers.check(file);
    return run("upload", options, async (progress, stop, wait, over) => {
      let slot: Slot | undefined;
      for (let attempt = 1; ; attempt++) {
        // The last time at another place: the first may have gone out of date.
        if (!slot || attempt === ATTEMPTS) slot = await core.raw<Slot>(endpoint, params, wait);
        try {
          const place = await core.locate(slot.upload_url, wait);
          const fields: Record<string, string> = {};
          for (const [field, value] of Object.entries(slot.oss_body_param ?? {})) {
            if (typeof value === "string" && value !== "") fields[field] = value;
          }
          const method = slot.upload_method === "PUT" ? "PUT" : "POST";
          const what = { ...place, method, fields, file, name: name ?? given.name } as const;
          if (over()) return { url: "" }; // nobody waits for it any more
          const { status, body } = await transfers.upload(what, progress, stop);
          if (status < 200 || status > 299 || !taken(body)) throw unanswered("ServerFileUploadUnknownError", status);
          return { url: slot.download_url };
        } catch (thrown) {
          const { retriable } = thrown as FlooError;
          if (over() || !retriable || attempt === ATTEMPTS) throw thrown;
          await new Promise((go) => setTimeout(go, attempt * PAUSE));
        }
      }
    });
  };

  return {
    upload: async (file, to, options) => {
      const params = { file_type: kindOf(options?.kind, 0), ...receiver(conversationKey(to)) };
      return put("fileUploadChatFileUrl", params, file, options?.name, options);
    },
    uploadAvatar: async (file, options) => {
      const { url } = await put("fileUploadAvatarUrl", {}, file, undefined, options);
      await core.api.do("userAvatar", { avatar: url });
      return { url };
    },
    uploadGroupAvatar: async (file, group, options) => {
      const group_id = groupId(group, "group");
      const { url } = await put("fileUploadGroupAvatarUrl", { group_id }, file, undefined, options);
      await core.api.do("groupInfoAvatar", { group_id, value: url });
      return { url };
    },
    share: async (file, group, options) => {
      const group_id = groupId(group, "group");
      let size = 0;
      const onProgress: NonNullable<TransferOptions["onProgress"]> = (it) => {
        size = it.total;
        options?.onProgress?.(it);
      };
      const params = { file_type: kindOf(options?.kind, 1), to_id: group_id, to_type: 2 };
      const { url } = await put("fileUploadChatFileUrl", params, file, options?.name, { ...options, onProgress });
      if (!("path" in file)) size = file.size;
      const name = options?.name ?? core.transfers().check(file).name;
      const type = options?.type;
      return core.api.get<SharedFile>("groupFileupload", { group_id, name, size, url, type });
    },
    download: async (url, options) => {
      if (typeof url !== "string" || url === "") throw badArgument("url", "an address");
      const transfers = core.transfers();
      return run("download", options, async (progress, stop, wait) => {
        const place = await core.locate(url, wait);
        // Other hosts know nothing of thumbnails, and could take the parameter for something else.
        const own = Object.keys(place.headers).length > 0;
        const small = options?.thumbnail && own ? `${place.url.includes("?") ? "&" : "?"}image_type=2` : "";
        const from = { url: place.url + small, headers: place.headers, cache: options?.cache === true };
        const { status, file } = await transfers.download(from, progress, stop);
        if (status < 200 || status > 299) throw unanswered("ServerFileDownloadUnknownError", status);
        return file;
      });
    },
    forward: async (url, to, options) => {
      const file_sign = typeof url === "string" ? /[?&](?:file_)?sign=(.+)$/.exec(url)?.[1] : undefined;
      if (file_sign === undefined) throw badArgument("url", "the address of a chat's file");
      return { url: await core.raw("fileForward", { file_sign, ...receiver(conversationKey(to)) }, options) };
    },
  };
}
