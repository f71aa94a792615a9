/** The members of a group, with their names and what they may do. */
const { t } = require("./i18n");
const { itemName } = require("./names");
const { createReader, readAll } = require("./pages");

/** So many are asked for when it has to be all of them. */
const MOST = 2000;

function createMembers(client, id) {
  const handle = client.group(id);
  let known = { owner: "", admins: new Set() };

  /** Members as rows of a list. */
  async function rows(members) {
    const strangers = members.map((it) => it.userId).filter((user) => client.roster.get(user) === null);
    const items = strangers.length === 0 ? [] : await client.roster.fetchMany(strangers);
    const byId = new Map(items.map((item) => [item.userId, item]));
    return members.map((member) => {
      const user = client.roster.get(member.userId);
      const item = byId.get(member.userId);
      const name = user !== null ? user.displayName : item ? itemName(item) : member.userId;
      const role = member.userId === known.owner ? "owner" : known.admins.has(member.userId) ? "admin" : "";
      return {
        id: member.userId,
        name: member.displayName || name,
        avatar: (user !== null ? user.avatar : item && item.avatar) || "",
        role: role,
        badge: role === "" ? "" : t("members." + role),
      };
    });
  }

  return {
    /** Who owns the group, and who are its administrators; rows from then on tell. */
    async roles() {
      const [info, admins] = await Promise.all([handle.info(), handle.admins()]);
      known = { owner: info.ownerId || info.owner || "", admins: new Set(admins.map((it) => it.userId)) };
      return known;
    },
    /** Reads page after page. */
    reader(size) {
      const reader = createReader(handle.members({ pageSize: size }));
      return {
        async next() {
          const step = await reader.next();
          return { items: await rows(step.items), done: step.done };
        },
      };
    },
    /** The ids of all members. */
    async ids() {
      const members = await readAll(handle.members(), MOST);
      return new Set(members.map((it) => it.userId));
    },
  };
}

module.exports = { createMembers };
