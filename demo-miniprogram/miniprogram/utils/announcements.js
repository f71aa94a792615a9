/** The announcements of a group, the newest first, whatever the order of the cloud. */
async function readAnnouncements(group) {
  const all = await group.announcements();
  return all.slice().sort((a, b) => (b.createdAt || 0) - (a.createdAt || 0));
}

module.exports = { readAnnouncements };
