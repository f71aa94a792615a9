/** Makes a group of contacts: whom, then its name. */
const { openChatPage } = require("./chat-page");
const handover = require("./handover");
const { t } = require("./i18n");
const { contactRows } = require("./names");
const { openPage } = require("./navigate");
const { ask } = require("./ui");

async function create(client, members) {
  const name = await ask(t("group.newName"), "", "");
  if (name === null || name === "") return;
  const group = await client.groups.create({ name: name, members: members });
  await openChatPage("group", group.groupId);
}

/** Opens the page that asks for the members. */
async function newGroup(client) {
  handover.give({ rows: await contactRows(client), done: (ids) => create(client, ids) });
  await openPage("/pages/pick/pick");
}

module.exports = { newGroup };
