import type { Client, ConversationKey } from "floo-wasm";
import { shallowRef } from "vue";
import { asFlooError, errorText } from "./lib/errors.js";
import { keyText } from "./lib/keys.js";
import { contentOf, kindOf } from "./lib/media.js";

/** A file on its way to the cloud: there is no message of it yet. */
export interface Upload {
  readonly id: number;
  /** Where it is to be sent, as `keyText` writes it. */
  readonly chat: string;
  readonly name: string;
  /** How much of it is there, from 0 to 1. */
  readonly done: number;
  /** Why it has stopped; empty while it goes on. */
  readonly problem: string;
}

interface Job {
  readonly file: File;
  readonly to: ConversationKey;
  stop: AbortController;
}

/** The files that are being sent: they go on while the user looks at another chat. */
export function createUploads(client: () => Client, fail: (thrown: unknown) => void) {
  const list = shallowRef<readonly Upload[]>([]);
  const jobs = new Map<number, Job>();
  let next = 1;

  function change(id: number, changes: Partial<Upload>): void {
    list.value = list.value.map((it) => (it.id === id ? { ...it, ...changes } : it));
  }

  /** Gives a file up. */
  function drop(id: number): void {
    jobs.get(id)?.stop.abort();
    jobs.delete(id);
    list.value = list.value.filter((it) => it.id !== id);
  }

  async function run(id: number): Promise<void> {
    const job = jobs.get(id);
    if (!job) return;
    const { file, to } = job;
    const stop = new AbortController();
    job.stop = stop;
    change(id, { done: 0, problem: "" });
    try {
      const { url } = await client().files.upload(file, to, {
        name: file.name,
        kind: kindOf(file),
        signal: stop.signal,
        onProgress: ({ loaded, total }) => change(id, { done: total > 0 ? loaded / total : 1 }),
      });
      const content = await contentOf(file, url);
      if (stop.signal.aborted) return;
      drop(id);
      // A message now, which tells by itself what becomes of it.
      client().conversation(to).send(content).catch(fail);
    } catch (thrown) {
      if (!stop.signal.aborted) change(id, { problem: errorText(asFlooError(thrown)) });
    }
  }

  return {
    list,
    drop,
    retry: (id: number): void => void run(id),
    start(to: ConversationKey, files: Iterable<File>): void {
      for (const file of files) {
        const id = next++;
        jobs.set(id, { file, to, stop: new AbortController() });
        list.value = [...list.value, { id, chat: keyText(to), name: file.name, done: 0, problem: "" }];
        void run(id);
      }
    },
    /** Gives all up: nobody is signed in any more. */
    forget(): void {
      for (const id of [...jobs.keys()]) drop(id);
    },
  };
}
