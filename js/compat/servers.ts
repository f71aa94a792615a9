/** Where the cloud is, and addresses of files in it: for getters that must answer at once. */
import type { FlooClient } from "../client/client.js";
import type { Bus } from "./bus.js";

interface Host {
  protocol?: string;
  host?: string;
  ip_list?: string[];
}

/** The part of the DNS document that pages ask about. */
interface Document {
  app_status?: string;
  account_verification?: object;
  dns_list?: Array<{ group_level?: number; clusters?: Array<Record<"ratel" | "webim" | "ws" | "rtc", Host[]>> }>;
}

/** Arguments of `sysManage.getImage`. */
export interface ImageQuery {
  avatar?: string;
  type?: "roster" | "group";
  thumbnail?: boolean;
  sdefault?: string;
}

const PLATFORM = 6;
const ENDED: readonly string[] = ["banned", "frozen", "revoked"];

const addressOf = (host: Host | undefined, secure?: string, plain?: string): string | undefined => {
  if (!host?.host) return undefined;
  const protocol = host.protocol === "http" || host.protocol === "ws" ? (plain ?? "http") : (secure ?? "https");
  return `${protocol}://${host.host}`;
};

const originOf = (url: string): string => /^https?:\/\/[^/?#]+/i.exec(url)?.[0]?.toLowerCase() ?? "";

const join = (url: string, params: object): string => {
  const query = Object.entries(params)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`);
  return query.length === 0 ? url : `${url}${url.includes("?") ? "&" : "?"}${query.join("&")}`;
};

export class Servers {
  /** The origin of the HTTP API; "" before it is known. */
  base = "";
  token: string | undefined;
  private document: Document | undefined;
  private configs: object | undefined;

  constructor(
    private readonly client: FlooClient,
    private readonly bus: Bus,
    readonly appId: string,
    /** Called when the base is known. */
    private readonly found: (base: string) => void,
    /** Called when there is another token, or none any more. */
    private readonly tokenIs: (token: string | undefined) => void,
  ) {}

  /** Whether the cloud has said how the application is. */
  get known(): boolean {
    return this.status() !== "";
  }

  /** Asks where the cloud is, and what it says of the application; tells what an application must know. */
  async look(): Promise<void> {
    this.document = await this.client.api<Document>("getServers", { app_id: this.appId, source: "sdk" });
    const status = this.status();
    const { ratel } = this.servers();
    if (ratel) this.based(ratel);
    if (ENDED.includes(status)) {
      this.bus.emit("flooError", { category: `APP_${status.toUpperCase()}`, desc: `app is ${status}` });
      return;
    }
    this.configs = await this.client.api<object>("getAppConfig", { platform: PLATFORM });
  }

  /** Takes over address and token of the session. */
  follow(): void {
    this.client.locate("/").then(
      ({ url, headers }) => {
        this.token = headers["access-token"];
        this.tokenIs(this.token);
        this.based(originOf(url));
      },
      (thrown: unknown) => this.client.complain("The address of files is not known", thrown),
    );
  }

  forget(): void {
    this.token = undefined;
    this.tokenIs(undefined);
  }

  servers(): { ratel?: string; fireplace?: string; rtc?: string } {
    const [cluster] = this.clusters();
    const all = {
      ratel: addressOf(cluster?.ratel?.[0]),
      fireplace: addressOf((cluster?.webim ?? cluster?.ws)?.[0]),
      rtc: addressOf(cluster?.rtc?.[0], "wss", "ws"),
    };
    return Object.fromEntries(Object.entries(all).filter(([, address]) => address !== undefined));
  }

  config(): object | undefined {
    return this.configs;
  }

  status(): string {
    return this.document?.app_status ?? "";
  }

  verification(): object {
    return this.document?.account_verification ?? {};
  }

  ip(): string {
    return this.clusters()[0]?.ratel?.[0]?.ip_list?.[0] ?? "";
  }

  /** The address of a picture. Other hosts than the cloud's get no token. */
  image({ avatar = "", type = "roster", thumbnail = true, sdefault = "" }: ImageQuery): string {
    if (avatar === "") return sdefault || `/image/${type === "group" ? "group" : "roster"}.png`;
    if (avatar.startsWith("/")) return avatar;
    const whole = /^https?:/i.test(avatar)
      ? avatar
      : join(`${this.base}/file/download/avatar`, { object_name: avatar });
    return this.file(whole, thumbnail ? { image_type: 2 } : {});
  }

  /** The address of a file, with what its host wants to know. */
  file(url: string, params: object = {}): string {
    if (!url) return "";
    const own = this.isOwn(url) ? { "access-token": this.token, app_id: this.appId } : {};
    return join(url, { ...params, ...own });
  }

  private based(base: string): void {
    if (base === "") return;
    this.base = base;
    this.found(base);
  }

  private clusters(): Array<Record<"ratel" | "webim" | "ws" | "rtc", Host[]>> {
    return this.document?.dns_list?.find((list) => list.group_level === 0)?.clusters ?? [];
  }

  private isOwn(url: string): boolean {
    const origin = originOf(url);
    const known = this.clusters().flatMap((cluster) => (cluster.ratel ?? []).map((host) => addressOf(host)));
    return origin !== "" && [this.base, ...known].some((it) => it !== undefined && it.toLowerCase() === origin);
  }
}
