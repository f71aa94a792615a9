import { sdk } from "../im.js";

export default {
  data: () => ({ notices: [], invitations: [], applications: [] }),
  created() {
    sdk().on({
      onGroupNotice: () => this.collect(),
      onGroupApplyDeclined: () => this.collect("declined"),
      onRosterApplied: () => this.collect("applied"),
    });
    this.collect();
  },
  destroyed() {
    sdk().off({ onGroupNotice: "", onGroupApplyDeclined: "", onRosterApplied: "" });
  },
  methods: {
    async collect() {
      if (this._isDestroyed) return;
      const { groupManage, sysManage } = sdk();
      this.notices = sysManage.getNoticeMessage();
      this.invitations = await groupManage.asyncGetInvitationList({ cursor: "" });
    },
    text({ payload }) {
      return `${payload.type} by ${payload.from.uid}`;
    },
  },
  template: `
    <section class="notices">
      <p v-for="it in notices" :key="it.id" class="notice">{{ it.ns }}: {{ text(it) }}</p>
      <p v-for="it in invitations" :key="it.group_id" class="invitation">{{ it.group_id }}</p>
    </section>`,
};
