import type { Client } from "floo-wasm";
import { onScopeDispose, ref } from "vue";

/**
 * A file of a message, as a page can show it. The cloud gives it to whoever has the token, which belongs into no
 * address: so the SDK fetches it, and the page shows the copy.
 */
export function useFile(client: Client, url: string) {
  const address = ref("");
  const loading = ref(false);
  const stop = new AbortController();
  const made: string[] = [];
  onScopeDispose(() => {
    stop.abort();
    for (const copy of made) URL.revokeObjectURL(copy);
  });

  /** Fetches it, or a small picture of it, and resolves with the address of the copy. */
  async function load(options: { thumbnail?: boolean } = {}): Promise<string> {
    loading.value = true;
    try {
      const file = await client.files.download(url, { ...options, cache: true, signal: stop.signal });
      if (!(file instanceof Blob)) return url; // only in mini-programs
      const copy = URL.createObjectURL(file);
      made.push(copy);
      return copy;
    } finally {
      loading.value = false;
    }
  }

  return {
    /** Where the copy is; empty before. */
    address,
    loading,
    load,
    /** Fetches it to be shown. What the page may not read, as of another server, it may still be able to show. */
    async show(options?: { thumbnail?: boolean }): Promise<void> {
      if (address.value !== "" || loading.value) return;
      address.value = await load(options).catch(() => (stop.signal.aborted ? "" : url));
    },
  };
}
