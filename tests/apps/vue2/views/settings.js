import { sdk } from "../im.js";
import { state } from "../state.js";

export default {
  data: () => ({ profile: {}, settings: {}, devices: [], nick: "" }),
  created() {
    // The way of the uni-app demo: methods that Vue has bound, whose text is the same for all.
    sdk().on({ onRosterInfoUpdate: this.load });
    this.load();
  },
  destroyed() {
    sdk().off({ onRosterInfoUpdate: this.load });
  },
  methods: {
    async load() {
      const { userManage } = sdk();
      this.profile = await userManage.asyncGetProfile(true);
      this.settings = await userManage.asyncGetSettings();
      this.devices = await userManage.asyncGetDeviceList();
    },
    async rename() {
      await sdk().userManage.asyncUpdateNickName({ nick_name: this.nick });
      await this.load();
    },
    async quiet() {
      await sdk().userManage.asyncUpdateSettings({ user_id: state.uid, no_sounds: !this.settings.no_sounds });
      await this.load();
    },
    async ask() {
      await sdk().userManage.asyncUpdateAuthmode({ value: 1 });
      await this.load();
    },
    logout() {
      sdk().logout({ linkLogin: true });
      this.$emit("left");
    },
  },
  template: `
    <section class="settings">
      <p class="nick">{{ profile.nick_name }}</p><p class="sounds">{{ settings.no_sounds ? "quiet" : "loud" }}</p>
      <p class="mode">{{ settings.auth_mode }}</p><p class="devices">{{ devices.length }}</p>
      <input class="name" v-model="nick" /><button class="rename" @click="rename">rename</button>
      <button class="quiet" @click="quiet">sounds</button><button class="ask" @click="ask">ask me</button>
      <button class="logout" @click="logout">log out</button>
    </section>`,
};
