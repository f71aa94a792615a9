import { sdk } from "../im.js";
import { state } from "../state.js";
import Composer from "./composer.js";
import Message from "./message.js";

const PAGE = 50;

export default {
  components: { Composer, Message },
  props: { type: String, id: Number },
  data: () => ({
    state,
    messages: [],
    /** So many of them, the newest, are on the screen. */
    shown: PAGE,
    sending: [],
    failed: [],
    members: [],
    typing: false,
    loading: false,
    /** Nothing older is left on the server. */
    complete: false,
    menu: null,
  }),
  computed: {
    manager() {
      return this.type === "group" ? sdk().groupManage : sdk().rosterManage;
    },
    visible() {
      return this.messages.slice(-this.shown);
    },
    title() {
      const { groupManage, rosterManage } = sdk();
      if (this.type === "group") return groupManage.getAllGroupDetail()[this.id]?.name;
      const { alias, nick_name, username } = rosterManage.getRosterInfo(this.id);
      return alias || nick_name || username;
    },
  },
  created() {
    sdk().on({
      onRosterMessage: (message) => this.rosterMessage(message),
      onGroupMessage: (message) => this.groupMessage(message),
      onSendingMessageStatusChanged: (status) => this.statusOfSending(status),
      onMessageStatusChanged: ({ uid }) => this.changed(uid),
      onMessageRecalled: ({ uid }) => this.changed(uid),
      onMessageDeleted: ({ uid }) => this.changed(uid),
      onMessageCanceled: ({ uid }) => this.changed(uid),
      onRosterMessageContentAppend: (message) => this.edited(message),
      onRosterMessageReplace: (message) => this.edited(message),
      onGroupMessageContentAppend: (message) => this.edited(message),
      onGroupMessageReplace: (message) => this.edited(message),
      onInputStatusMessage: ({ ext, from }) => this.typed(from, JSON.parse(ext).input_status),
      onReceiveHistoryMsg: ({ next }) => this.pageCame(next),
      onGroupMemberChanged: (gid) => this.membersChanged(gid),
    });
    if (this.type === "group") sdk().groupManage.openGroup(this.id);
    this.renew();
    this.readAll();
    this.earlier();
  },
  destroyed() {
    // As the vendor's demo does: what is no function matches nothing. The next chat takes their places.
    sdk().off({
      onRosterMessage: "",
      onGroupMessage: "",
      onSendingMessageStatusChanged: "",
      onMessageStatusChanged: "",
      onMessageRecalled: "",
      onMessageDeleted: "",
      onMessageCanceled: "",
      onRosterMessageContentAppend: "",
      onRosterMessageReplace: "",
      onGroupMessageContentAppend: "",
      onGroupMessageReplace: "",
      onInputStatusMessage: "",
      onReceiveHistoryMsg: "",
      onGroupMemberChanged: "",
    });
  },
  methods: {
    renew() {
      this.messages =
        this.type === "group"
          ? this.manager.getGruopMessage(this.id) || []
          : this.manager.getRosterMessageByRid(this.id) || [];
    },
    readAll() {
      if (this.type === "group") this.manager.readGroupMessage(this.id);
      else this.manager.readRosterMessage(this.id);
    },
    here(type, partner) {
      return !this._isDestroyed && this.type === type && String(this.id) === String(partner);
    },
    rosterMessage(message) {
      if (!this.here("roster", message.from === String(state.uid) ? message.to : message.from)) return;
      if (message.ext?.includes("input_status")) return;
      this.came(message);
    },
    groupMessage(message) {
      if (this.here("group", message.to)) this.came(message);
    },
    came(message) {
      this.renew();
      if (message.isHistory || message.from === String(state.uid)) return;
      if (this.type === "group") this.manager.readGroupMessage(this.id, message.id);
      else this.manager.readRosterMessage(this.id, message.id);
    },
    statusOfSending({ status, mid, message, errorReason }) {
      if (status === "sending" && message.to === String(this.id)) this.sending.push({ mid, content: message.content });
      if (status !== "sending") this.sending = this.sending.filter((it) => it.mid !== mid);
      if (status === "failed") this.failed.push({ mid, reason: errorReason });
    },
    changed(uid) {
      if (this.here(this.type, uid)) this.renew();
    },
    edited(message) {
      const partner = message.toType === "group" || message.from === String(state.uid) ? message.to : message.from;
      if (this.here(message.toType, partner)) this.renew();
    },
    typed(from, status) {
      if (this.here("roster", from)) this.typing = status === "typing";
    },
    earlier() {
      if (this.loading || this.complete) return;
      this.loading = true;
      this.shown += PAGE;
      sdk().sysManage.requireHistoryMessage(this.id, this.messages.length ? this.messages[0].id : 0, PAGE);
    },
    pageCame(next) {
      if (this._isDestroyed) return;
      this.loading = false;
      this.complete = Number(next) === 0;
      this.renew();
    },
    membersChanged(gid) {
      if (this.here("group", gid)) this.members = this.manager.getGroupMembers(this.id);
    },
    nameOf({ from }) {
      if (from === String(state.uid)) return "me";
      const member = this.members.find(({ user_id }) => String(user_id) === from);
      const card = sdk().rosterManage.getAllRosterDetail()?.[from] || {};
      return member ? member.display_name : card.alias || card.nick_name || card.username || from;
    },
    isMine({ from }) {
      return from === String(state.uid);
    },
    run(act) {
      this[act](this.menu);
      this.menu = null;
    },
    recall({ id }) {
      this.manager.recallMessage(this.id, id);
    },
    remove({ id }) {
      this.manager.deleteMessage(this.id, id);
    },
    append({ id }) {
      this.manager.appendMessageContent(this.id, id, " (and more)");
    },
    replace({ id, content }) {
      this.manager.replaceMessage(this.id, id, `${content}, corrected`);
    },
    markUnread({ id }) {
      sdk().rosterManage.unreadMessage(this.id, id);
    },
    forward(message) {
      const to = this.type === "group" ? { gid: this.id } : { uid: this.id };
      sdk().sysManage.forwardMessage({ ...to, message });
    },
  },
  template: `
    <section class="chat" :data-key="type + ':' + id" :data-loading="loading" :data-complete="complete">
      <h2>{{ title || id }} <small v-if="typing" class="typing">is typing</small></h2>
      <button class="earlier" :disabled="loading || complete" @click="earlier">earlier</button>
      <ol>
        <message v-for="message in visible" :key="message.id" :message="message" :mine="isMine(message)"
          :name="nameOf(message)" @act="menu = $event" />
        <li v-for="it in sending" :key="it.mid" class="sending">{{ it.content }}</li>
        <li v-for="it in failed" :key="it.mid + it.reason" class="failed">{{ it.reason }}</li>
      </ol>
      <div v-if="menu" class="menu">
        <button v-for="act in ['recall', 'remove', 'append', 'replace', 'markUnread', 'forward']" :key="act"
          :class="act" @click="run(act)">{{ act }}</button>
      </div>
      <composer :type="type" :id="id" :members="members" />
    </section>`,
};
