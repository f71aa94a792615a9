import { sdk } from "../im.js";
import { openChat } from "../state.js";

export default {
  data: () => ({ users: [], applications: [], name: "", found: null, busy: false }),
  created() {
    sdk().on({
      onRosterListUpdate: () => this.load(),
      onRosterApplied: () => this.loadApplications(),
      onRosterAccepted: (notice) => this.answered(notice),
      onRosterDeclined: (notice) => this.answered(notice, "declined"),
      onRosterRemoved: () => this.load("removed"),
    });
    this.load();
    this.loadApplications();
  },
  destroyed() {
    sdk().off({
      onRosterListUpdate: "",
      onRosterApplied: "",
      onRosterAccepted: "",
      onRosterDeclined: "",
      onRosterRemoved: "",
    });
  },
  methods: {
    async load() {
      if (this._isDestroyed) return;
      const { rosterManage } = sdk();
      const ids = await rosterManage.asyncGetRosterIdList(true);
      await rosterManage.asnycGetRosterListDetailByIds(ids);
      const all = rosterManage.getAllRosterDetail() || {};
      this.users = ids.map((id) => all[id] || { user_id: id });
    },
    async loadApplications() {
      if (this._isDestroyed) return;
      const list = await sdk().rosterManage.asyncGetApplyList({ cursor: "" });
      this.applications = list.filter(({ status }) => status === 0);
    },
    answered() {
      this.load();
    },
    async search() {
      this.found = await sdk()
        .rosterManage.asyncSearchRosterByName({ username: this.name })
        .catch(() => null);
    },
    async apply() {
      this.busy = true;
      await sdk().rosterManage.asyncApply({ user_id: this.found.user_id, alias: "", reason: "It is me" });
      this.busy = false;
      this.found = null;
    },
    async accept({ user_id }) {
      await sdk().rosterManage.asyncAccept({ user_id });
      await this.loadApplications();
      await this.load();
    },
    async decline({ user_id }) {
      await sdk().rosterManage.asyncDecline({ user_id, reason: "not now" });
      await this.loadApplications();
    },
    async rename({ user_id }) {
      await sdk().rosterManage.asyncUpdateRosterAlias({ user_id, alias: `Friend ${user_id}` });
      await sdk().rosterManage.asyncGetRosterInfo(user_id, true);
      await this.load();
    },
    async remove({ user_id }) {
      await sdk().rosterManage.asyncDeleteRoster({ user_id });
    },
    picture({ avatar }) {
      return sdk().sysManage.getImage({ avatar, type: "roster" });
    },
    open({ user_id }) {
      openChat("roster", user_id);
    },
  },
  template: `
    <section class="contacts">
      <form @submit.prevent="search">
        <input class="search" v-model="name" /><button class="find">find</button>
        <button v-if="found" type="button" class="apply" :disabled="busy" @click="apply">add {{ found.username }}</button>
      </form>
      <ul class="applications">
        <li v-for="it in applications" :key="it.user_id" :data-id="it.user_id">
          {{ it.reason }} <button class="accept" @click="accept(it)">accept</button>
          <button class="decline" @click="decline(it)">decline</button>
        </li>
      </ul>
      <ul class="users">
        <li v-for="user in users" :key="user.user_id" :data-id="user.user_id" :data-picture="picture(user)">
          <a href="#" @click.prevent="open(user)">{{ user.alias || user.nick_name || user.username }}</a>
          <button class="rename" @click="rename(user)">rename</button>
          <button class="remove" @click="remove(user)">remove</button>
        </li>
      </ul>
    </section>`,
};
