import { sdk } from "../im.js";
import { openChat, state } from "../state.js";

export default {
  data: () => ({ state, rows: [] }),
  created() {
    sdk().on({
      recentlistUpdate: () => this.renewRecents(),
      onUnreadChange: (uid) => this.renewUnread(uid),
      onRosterInfoUpdate: (uids) => this.renewNames(uids),
      onGroupListUpdate: () => this.renewGroups(),
      onMentionMessage: (message) => this.mentioned(message),
    });
    this.renewRecents();
  },
  destroyed() {
    sdk().off({
      recentlistUpdate: "",
      onUnreadChange: "",
      onRosterInfoUpdate: "",
      onGroupListUpdate: "",
      onMentionMessage: "",
    });
  },
  methods: {
    renewRecents() {
      const { groupManage, rosterManage, userManage } = sdk();
      const users = rosterManage.getAllRosterDetail() || {};
      const groups = groupManage.getAllGroupDetail() || {};
      this.rows = userManage
        .getConversationList()
        .map(({ type, id, content, timestamp, hasAt, draft }) => {
          const card = (type === "group" ? groups[id] : users[id]) || {};
          const manager = type === "group" ? groupManage : rosterManage;
          return {
            key: `${type}:${id}`,
            type,
            id,
            name: type === "group" ? card.name : card.alias || card.nick_name || card.username,
            content,
            timestamp: Number(timestamp) || 0,
            hasAt,
            draft,
            unread: manager.getUnreadCount(id),
          };
        })
        .sort((one, other) => other.timestamp - one.timestamp);
    },
    renewUnread(uid) {
      const row = this.rows.find((it) => it.type === "roster" && String(it.id) === String(uid));
      if (row) row.unread = sdk().rosterManage.getUnreadCount(uid);
    },
    renewNames(uids) {
      if (this.rows.some((row) => uids.map(String).includes(String(row.id)))) this.renewRecents();
    },
    renewGroups() {
      this.renewRecents();
    },
    mentioned(message) {
      const row = this.rows.find((it) => it.type === "group" && String(it.id) === message.to);
      if (row) row.hasAt = true;
    },
    open({ type, id }) {
      if (type === "group") sdk().groupManage.consumeGroupAtStatus(id);
      openChat(type, id);
    },
    remove({ id }) {
      sdk().sysManage.deleteConversation(id, true);
    },
  },
  template: `
    <ul class="conversations">
      <li v-for="row in rows" :key="row.key" :data-key="row.key">
        <a href="#" @click.prevent="open(row)">{{ row.name || row.id }}</a>
        <b v-if="row.hasAt">@</b><i v-if="row.draft">{{ row.draft }}</i>
        <span class="last">{{ row.content }}</span> <span class="unread">{{ row.unread }}</span>
        <button class="remove" @click="remove(row)">remove</button>
      </li>
    </ul>`,
};
