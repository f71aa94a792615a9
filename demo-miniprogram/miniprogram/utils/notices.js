/** What the server told and the user has yet to see. */

/** Notices of this phone, the newest first, without what the user did on the contacts with this or another device. */
async function openNotices(client) {
  const notices = await client.notices.list();
  const me = client.session === null ? null : client.session.userId;
  return notices.filter((it) => it.kind !== "roster" || it.from !== me);
}

module.exports = { openNotices };
