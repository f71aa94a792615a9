import { sdk } from "../im.js";
import { count, state } from "../state.js";
import Chat from "./chat.js";
import Contacts from "./contacts.js";
import Conversations from "./conversations.js";
import Groups from "./groups.js";
import Login from "./login.js";
import Notices from "./notices.js";
import Settings from "./settings.js";

export default {
  components: { Chat, Contacts, Conversations, Groups, Login, Notices, Settings },
  data: () => ({ state, tabs: ["conversations", "contacts", "groups", "notices", "settings"] }),
  created() {
    const im = sdk();
    im.on({
      flooNotice: (notice) => this.noticed(notice),
      flooError: ({ category, desc }) => {
        state.error = `${category}: ${desc}`;
      },
      loginSuccess: () => this.entered(),
      loginFail: (reason) => {
        state.error = reason;
      },
      userKicked: () => this.left(),
    });
    // For the whole of the session: these stay when chats come and go.
    im.on("onRosterMessage", (message) => this.countRoster(message));
    im.on("onGroupMessage", (message) => this.countGroup(message));
  },
  methods: {
    noticed({ category, desc }) {
      if (category === "loginMessage") state.progress = desc;
      if (category === "action" && desc === "relogin_manually") this.left();
      if (category === "conversation_deleted" && state.chat && String(state.chat.id) === String(desc.id)) {
        state.chat = null;
        state.view = "conversations";
      }
    },
    entered() {
      state.uid = sdk().userManage.getUid();
      state.loggedIn = true;
      state.error = "";
    },
    left() {
      state.loggedIn = false;
      state.chat = null;
    },
    countRoster(message) {
      if (message.isHistory || message.ext === '{"input_status":"typing"}' || message.id === "0") return;
      const partner = message.from === String(state.uid) ? message.to : message.from;
      count("roster", partner, message.id);
    },
    countGroup(message) {
      if (!message.isHistory) count("group", message.to, message.id);
    },
    show(view) {
      state.view = view;
      state.chat = null;
    },
  },
  template: `
    <div>
      <login v-if="!state.loggedIn" />
      <div v-else>
        <nav>
          <button v-for="tab in tabs" :key="tab" :class="'tab-' + tab" @click="show(tab)">{{ tab }}</button>
        </nav>
        <conversations v-if="state.view === 'conversations'" />
        <contacts v-else-if="state.view === 'contacts'" />
        <groups v-else-if="state.view === 'groups'" />
        <notices v-else-if="state.view === 'notices'" />
        <settings v-else-if="state.view === 'settings'" @left="left" />
        <chat v-else-if="state.chat" :key="state.chat.type + state.chat.id" :type="state.chat.type" :id="state.chat.id" />
      </div>
      <p class="error">{{ state.error }}</p>
      <p class="progress">{{ state.progress }}</p>
    </div>`,
};
