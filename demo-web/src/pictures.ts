/** Pictures of people and groups: each is fetched once, and shared by all that show it. */
import type { Client } from "floo-wasm";
import { type Ref, ref, watch } from "vue";
import type { Store } from "./store.js";

/** So many are kept at hand for an account; the browser's own cache has the others. */
const MOST = 200;

const known = new WeakMap<Client, Map<string, Promise<string>>>();

/** A copy that a page can show: only the SDK has the token that the cloud asks for. There may be no small one. */
async function copyOf(client: Client, url: string): Promise<string> {
  const wanted = (thumbnail: boolean) => client.files.download(url, { thumbnail, cache: true });
  const file = await wanted(true).catch(() => wanted(false));
  return file instanceof Blob ? URL.createObjectURL(file) : url;
}

/** The address of the copy; empty when it cannot be had, which is tried again the next time. */
async function fetchPicture(client: Client, url: string): Promise<string> {
  const all = known.get(client) ?? new Map<string, Promise<string>>();
  known.set(client, all);
  const fetching = all.get(url) ?? copyOf(client, url);
  all.set(url, fetching);
  for (const [oldest, copy] of all) {
    if (all.size <= MOST) break;
    all.delete(oldest);
    // Pages that show it have read it long since.
    copy.then(URL.revokeObjectURL, () => undefined);
  }
  try {
    return await fetching;
  } catch {
    all.delete(url);
    return "";
  }
}

/** The picture of a user or group as this device knows them; empty while there is none to show. */
export function usePicture(store: Store, of: () => { kind: string; id: string }): Ref<string> {
  const picture = ref("");

  function addressOf(): string {
    // Cards are not reactive by themselves; these two are read anew whenever one has changed.
    void store.contacts.value;
    void store.groups.value;
    if (store.session.value === null) return "";
    const { kind, id } = of();
    const { roster, groups } = store.client();
    const card = kind === "user" ? roster.get(id) : kind === "group" ? groups.get(id) : null;
    return card?.avatar ?? "";
  }

  watch(
    addressOf,
    async (address) => {
      const found = address === "" ? "" : await fetchPicture(store.client(), address);
      if (address === addressOf()) picture.value = found;
    },
    { immediate: true },
  );
  return picture;
}
