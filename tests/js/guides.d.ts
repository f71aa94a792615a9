// What the samples of README and guides take for granted.
declare const client: import("floo-wasm").Client;
declare const chat: import("floo-wasm").Conversation;
/** A picture the user has chosen. */
declare const file: File;
/** A message that is still growing. */
declare const answer: import("floo-wasm").Message;
declare const uid: string;
declare function show(...what: unknown[]): void;

/** What bundlers with hot reload have. */
interface ImportMeta {
  readonly hot?: { dispose(run: () => void): void };
}

declare module "react" {
  export function useSyncExternalStore<T>(
    subscribe: (changed: () => void) => () => void,
    snapshot: () => T,
    ofServer?: () => T,
  ): T;
}

declare module "*/client" {
  const client: import("floo-wasm").Client;
  export = client;
}

/** What the sample for Node has from there. */
declare const process: {
  env: Record<string, string | undefined>;
  once(signal: "SIGTERM", listener: () => void): void;
};

declare module "ws" {
  const WebSocket: typeof globalThis.WebSocket;
  export default WebSocket;
}
