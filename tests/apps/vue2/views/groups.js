import { sdk } from "../im.js";
import { openChat, state } from "../state.js";

export default {
  data: () => ({ groups: [], chosen: null, members: [], banned: [], announcements: [], info: {}, name: "", uid: "" }),
  created() {
    sdk().on({
      onGroupListUpdate: () => this.loadGroups(),
      onGroupMemberChanged: (gid) => this.showMembers(gid),
      onGroupJoined: () => this.loadGroups("joined"),
      onGroupLeaved: () => this.loadGroups("left"),
      onGroupKicked: () => this.loadGroups("kicked"),
      onGroupDestoryed: () => this.loadGroups("gone"),
      onGroupAnnouncementUpdated: () => this.loadAnnouncements(),
      onGroupBaned: ({ groupId }) => this.loadBanned(groupId),
      onGroupUnbaned: ({ groupId }) => this.loadBanned(groupId, false),
    });
    this.loadGroups();
  },
  destroyed() {
    sdk().off({
      onGroupListUpdate: "",
      onGroupMemberChanged: "",
      onGroupJoined: "",
      onGroupLeaved: "",
      onGroupKicked: "",
      onGroupDestoryed: "",
      onGroupAnnouncementUpdated: "",
      onGroupBaned: "",
      onGroupUnbaned: "",
    });
  },
  methods: {
    async loadGroups() {
      if (this._isDestroyed) return;
      const { groupManage } = sdk();
      const ids = await groupManage.asyncGetJoinedGroups(true);
      await groupManage.asyncGetGroupListDetail(ids);
      const all = groupManage.getAllGroupDetail();
      this.groups = ids.map((id) => all[id] || { group_id: id });
      if (!ids.some((id) => String(id) === String(this.chosen))) this.chosen = null;
    },
    async choose(id) {
      this.chosen = id;
      this.info = await sdk().groupManage.asyncGetGroupInfo(id, true);
      await sdk().groupManage.asyncGetGroupMembers(id, true);
      await this.loadAnnouncements();
      await this.loadBanned(id);
    },
    showMembers(gid) {
      if (String(gid) === String(this.chosen)) this.members = sdk().groupManage.getGroupMembers(gid);
    },
    async loadAnnouncements() {
      if (this.chosen === null || this._isDestroyed) return;
      this.announcements = await sdk().groupManage.asyncGetAnnouncementList({ group_id: this.chosen });
    },
    async loadBanned(gid) {
      if (String(gid) !== String(this.chosen) || this._isDestroyed || !this.isOwner()) return;
      this.banned = await sdk().groupManage.asyncGroupBannedList({ group_id: gid });
    },
    isOwner() {
      return String(this.info.owner_id) === String(state.uid);
    },
    async create() {
      const { group_id } = await sdk().groupManage.asyncCreate({ name: this.name, type: 0, description: "of the day" });
      this.name = "";
      await this.loadGroups();
      await this.choose(group_id);
    },
    async act(name, more) {
      await sdk().groupManage[name]({ group_id: this.chosen, ...more });
      if (this.chosen !== null) await sdk().groupManage.asyncGetGroupMembers(this.chosen);
    },
    run(act) {
      return this[act]();
    },
    users() {
      return { user_list: [Number(this.uid)] };
    },
    invite() {
      return this.act("asyncInvite", { ...this.users(), reason: "come" });
    },
    kick() {
      return this.act("asyncKick", this.users());
    },
    ban() {
      return this.act("asyncGroupBab", { ...this.users(), duration: 10 });
    },
    unban() {
      return this.act("asyncGroupUnban", this.users());
    },
    promote() {
      return this.act("asyncAdminAdd", this.users());
    },
    rename() {
      return this.act("asyncUpdateName", { value: this.name });
    },
    announce() {
      return this.act("asyncAnnouncementEdit", { title: "News", content: this.name });
    },
    async leave() {
      await sdk().groupManage.asyncLeave({ group_id: this.chosen });
      await this.loadGroups();
    },
    async destroyGroup() {
      await sdk().groupManage.asyncDestroy({ group_id: this.chosen });
      await this.loadGroups();
    },
    open(id) {
      openChat("group", id);
    },
  },
  template: `
    <section class="groups">
      <input class="name" v-model="name" /><button class="create" @click="create">create</button>
      <ul>
        <li v-for="group in groups" :key="group.group_id" :data-id="group.group_id">
          <a href="#" @click.prevent="open(group.group_id)">{{ group.name }}</a>
          <button class="choose" @click="choose(group.group_id)">manage</button>
        </li>
      </ul>
      <div v-if="chosen" class="managed" :data-id="chosen">
        <input class="uid" v-model="uid" />
        <button v-for="act in ['invite', 'kick', 'ban', 'unban', 'promote', 'rename', 'announce', 'leave']" :key="act"
          :class="act" @click="run(act)">{{ act }}</button>
        <button class="destroy" @click="destroyGroup">destroy</button>
        <ul class="members">
          <li v-for="member in members" :key="member.user_id" :data-id="member.user_id">{{ member.display_name }}</li>
        </ul>
        <ul class="banned"><li v-for="it in banned" :key="it.user_id" :data-id="it.user_id">{{ it.user_id }}</li></ul>
        <p v-for="it in announcements" :key="it.id" class="announcement">{{ it.content }}</p>
      </div>
    </section>`,
};
