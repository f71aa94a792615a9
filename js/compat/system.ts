/** What the former SDK kept of the application, its servers and its files, for getters that answer at once. */
import type { FlooClient } from "../client/client.js";
import type { FileKind, FileSource } from "../client/cloud-types.js";
import { badArgument } from "../errors.js";
import type { Bus } from "./bus.js";
import type { Places } from "./places.js";
import { ask } from "./rest.js";

type Id = number | string;

interface Place {
  protocol?: string;
  host?: string;
  ip_list?: string[];
}

interface Cluster {
  ratel?: Place[];
  ws?: Place[];
  webim?: Place[];
  rtc?: Place[];
}

/** The DNS document, as far as it is read here. */
interface Document {
  dns_list?: Array<{ group_level?: number; clusters?: Cluster[] }>;
  app_status?: string;
  account_verification?: object;
}

/** States of an application that end its use. */
const CLOSED = ["banned", "frozen", "revoked"];

const LINKS = "https://lanyinglink.com/info";

/** What `asyncFileUpload` calls kinds of files, by ours. */
const KINDS: { readonly [name: string]: FileKind | undefined } = {
  file: "file",
  audio: "audio",
  image: "image",
  video: "video",
  "audio-mp3": "audio",
  shareFile: "file",
  shareAudio: "audio",
  shareImage: "image",
  shareVideo: "video",
};

/** What `asyncFileUpload` takes. */
export interface FileUpload {
  file: FileSource;
  toType: "chat" | "rosterAvatar" | "groupAvatar";
  fileType?: string;
  chatType?: "roster" | "group";
  to_id?: Id;
  group_id?: Id;
  processCallback?: (progress: { loaded: number; total: number }) => void;
}

const address = (place: Place | undefined, [plain, secure]: readonly [string, string]): string | undefined =>
  place?.host ? `${/^(https|wss)$/.test(place.protocol ?? "") ? secure : plain}://${place.host}` : undefined;

const HTTP = ["http", "https"] as const;
const WS = ["ws", "wss"] as const;

export class System {
  private document: Document | undefined;
  private config: unknown;
  private loading: Promise<void> | undefined;
  private base = "";
  private token: string | undefined;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    private readonly places: Places,
    private readonly appId: string,
    private readonly links: string | undefined,
  ) {}

  get ready(): boolean {
    return this.document !== undefined;
  }

  get baseUrl(): string | undefined {
    return address(this.clusters()[0]?.ratel?.[0], HTTP);
  }

  /** Asks where the servers are and how the application is set up; once at a time. */
  load(): Promise<void> {
    this.loading ??= this.ask().finally(() => {
      this.loading = undefined;
    });
    return this.loading;
  }

  private async ask(): Promise<void> {
    this.document = await this.client.api<Document>("getServers", { app_id: this.appId });
    const status = this.status();
    if (CLOSED.includes(status)) {
      this.bus.emit("flooError", { category: `APP_${status.toUpperCase()}`, desc: `app is ${status}` });
    }
    this.config = await ask(this.client, "getAppConfig", { platform: 6 });
  }

  /** Takes the token of the session that has begun. */
  async enter(): Promise<void> {
    const { url, headers } = await this.client.locate("/");
    this.base = url.replace(/\/$/, "");
    this.token = headers["access-token"];
  }

  leave(): void {
    this.token = undefined;
  }

  getToken(): string | undefined {
    return this.token;
  }

  status(): string {
    return this.document?.app_status ?? "";
  }

  verification(): object {
    return this.document?.account_verification ?? {};
  }

  servers(): { ratel?: string; fireplace?: string; rtc?: string } {
    const [first] = this.clusters();
    const fireplace = address(first?.webim?.[0], HTTP) ?? address(first?.ws?.[0], WS);
    const rtc = address(first?.rtc?.[0], WS);
    return {
      ...(this.baseUrl === undefined ? {} : { ratel: this.baseUrl }),
      ...(fireplace === undefined ? {} : { fireplace }),
      ...(rtc === undefined ? {} : { rtc }),
    };
  }

  serverIp(): string {
    return this.clusters()[0]?.ratel?.[0]?.ip_list?.[0] ?? "";
  }

  appConfig(): unknown {
    return this.config;
  }

  linkServer(): string {
    return this.links ?? LINKS;
  }

  parseLink(link: string, url = this.links): Promise<unknown> {
    const server = url === undefined ? {} : { server: url.replace(/\/info\/?$/, "") };
    return ask(this.client, "parseLink", { link, ...server });
  }

  image(given: { avatar?: string; type?: string; thumbnail?: boolean; sdefault?: string } | undefined): string {
    const { avatar = "", type = "roster", thumbnail = true, sdefault = "" } = given ?? {};
    if (avatar === "") return sdefault || `/image/${type === "group" ? "group" : "roster"}.png`;
    if (avatar.startsWith("/")) return avatar;
    const bare = !/^https?:\/\//i.test(avatar);
    const url = bare ? `${this.base}/file/download/avatar?object_name=${encodeURIComponent(avatar)}` : avatar;
    return this.own(url, thumbnail ? { image_type: "2" } : {});
  }

  chatFile(given: { url?: string; params?: object } | undefined): string {
    const { url = "", params = {} } = given ?? {};
    if (url === "") return "";
    return this.own(url.startsWith("/") ? this.base + url : url, params);
  }

  audio(given: { url?: string } | undefined): string {
    return this.chatFile({ url: given?.url ?? "", params: { format: "mp3" } });
  }

  /** The sound as a file; "" for no address. */
  downloadAudio(given: { url?: string; processCallback?: FileUpload["processCallback"] } | undefined): unknown {
    const { url, processCallback } = given ?? {};
    if (!url) return "";
    const mp3 = `${url}${url.includes("?") ? "&" : "?"}format=mp3`;
    return this.client.files.download(mp3, processCallback ? { onProgress: processCallback } : {});
  }

  async upload(given: FileUpload): Promise<{ url: string }> {
    if (typeof given !== "object" || given === null) throw badArgument("param", "an object");
    const { file, toType, fileType = "file", chatType, to_id, group_id, processCallback } = given;
    const options = processCallback ? { onProgress: processCallback } : {};
    if (toType === "rosterAvatar") return this.client.files.uploadAvatar(file, options);
    if (toType === "groupAvatar") return this.client.files.uploadGroupAvatar(file, (group_id ?? to_id) as Id, options);
    if (toType !== "chat") throw badArgument("toType", "chat, rosterAvatar or groupAvatar");
    const kind = KINDS[fileType];
    if (kind === undefined) throw badArgument("fileType", `one of ${Object.keys(KINDS).join(", ")}`);
    const to = this.places.of((to_id ?? group_id) as Id, chatType === "group" || to_id === undefined);
    return this.client.files.upload(file, to, { ...options, kind });
  }

  private clusters(): Cluster[] {
    return this.document?.dns_list?.find((it) => (it.group_level ?? 0) === 0)?.clusters ?? [];
  }

  /** An address with parameters; those that say who asks only for the cloud's own hosts. */
  private own(url: string, params: object): string {
    const hosts = this.clusters().flatMap((cluster) => cluster.ratel ?? []);
    const all: Record<string, unknown> = { ...params };
    const host = /^https?:\/\/([^/?#]*)/i.exec(url)?.[1] ?? "";
    const known = host !== "" && (url.startsWith(`${this.base}/`) || hosts.some((place) => place.host === host));
    if (known && this.token !== undefined) Object.assign(all, { "access-token": this.token, app_id: this.appId });
    const query = Object.entries(all).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
    return query.length === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}${query.join("&")}`;
  }
}
