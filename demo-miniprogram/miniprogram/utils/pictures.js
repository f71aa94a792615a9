/** Files of the cloud on this phone: they want the token that the platform's own components do not send. */
const session = require("./session");

/** So many are remembered. The files themselves are temporary ones, which the platform clears. */
const MOST = 200;
const known = new Map();

async function fetchFile(url, thumbnail) {
  try {
    const file = await session.current().files.download(url, { thumbnail: thumbnail });
    return /** @type {{ path: string }} */ (file).path;
  } catch (error) {
    console.info("Not fetched: " + error.message);
    // There may be no small picture of it.
    if (thumbnail) return local(url, false);
    // Other hosts need not be among the domains for downloads; what shows pictures takes every address.
    return url;
  }
}

/** Whether it has to be fetched: on some phones the paths of files begin with `http` too. */
const remote = (url) => /^https?:\/\/(?!tmp\/|store\/|usr\/)/.test(url);

/**
 * The path of a file, fetched once; paths of this phone are answered as they are, and so is the address of what could not
 * be fetched. With `thumbnail` a small picture of it.
 */
function local(url, thumbnail) {
  if (!remote(url)) return Promise.resolve(url);
  const key = (thumbnail ? "small " : "") + url;
  if (!known.has(key)) {
    const fetching = fetchFile(url, thumbnail === true);
    known.set(key, fetching);
    // What failed may be had later.
    fetching.then((path) => path === url && known.delete(key));
    if (known.size > MOST) known.delete(known.keys().next().value);
  }
  return known.get(key);
}

/** Calls `again` with the next connections, for an address that could not be fetched; answers what ends that. */
function retry(url, again) {
  const client = session.current();
  if (!remote(url) || client === null) return () => undefined;
  return client.on("state", (change) => {
    if (change.to === "online") again();
  });
}

module.exports = { local, retry };
