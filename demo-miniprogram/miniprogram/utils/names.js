/** How users and groups are called. */
const { t } = require("./i18n");

/** `{ name, avatar }` of a user as this phone knows them; the id stands for a name that is not known. */
function userCard(client, id) {
  const user = client.roster.get(id);
  return user === null ? { name: id, avatar: "" } : { name: user.displayName || id, avatar: user.avatar };
}

/** The same of a group. */
function groupCard(client, id) {
  const group = client.groups.get(id);
  return group === null
    ? { name: t("common.group", { id: id }), avatar: "" }
    : { name: group.name, avatar: group.avatar };
}

/** The name of a user as the cloud describes them. */
function itemName(item) {
  return item.alias || item.nickName || item.username || item.userId;
}

/** A contact as a row of a list. */
function contactRow(user) {
  return { id: user.id, name: user.displayName || user.id, avatar: user.avatar, note: user.username };
}

/** The contacts as rows, by name. */
async function contactRows(client) {
  const users = await client.roster.list();
  const me = client.session.userId;
  const rows = users.filter((user) => user.id !== me).map(contactRow);
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}

module.exports = { userCard, groupCard, itemName, contactRows };
