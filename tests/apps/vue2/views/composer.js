// What one can write, and everything else that can be sent.
import { sdk } from "../im.js";

const FILES = {
  image: ["picture.png", "image/png", { width: 4, height: 3 }],
  audio: ["voice.mp3", "audio/mpeg", { duration: 2 }],
  video: ["film.mp4", "video/mp4", { width: 4, height: 3, duration: 5 }],
  file: ["plan.txt", "text/plain", {}],
};

export default {
  props: { type: String, id: Number, members: Array },
  data: () => ({ text: "", progress: 0 }),
  created() {
    this.text = sdk().sysManage.getConversationDraft(this.id, this.type);
  },
  beforeDestroy() {
    sdk().sysManage.saveConversationDraft(this.id, this.type, this.text);
  },
  watch: {
    text(text, before) {
      if (this.type === "roster" && (text === "") !== (before === ""))
        sdk().sysManage.sendInputStatusMessage(this.id, text === "" ? "nothing" : "typing");
    },
  },
  methods: {
    give(more) {
      const { sysManage } = sdk();
      return this.type === "group"
        ? sysManage.sendGroupMessage({ gid: this.id, ...more })
        : sysManage.sendRosterMessage({ uid: this.id, ...more });
    },
    sendText() {
      const text = this.text.trim();
      if (!text) return;
      this.text = "";
      const named = this.members.filter(({ display_name }) => text.includes(`@${display_name}`));
      if (this.type === "group" && (named.length > 0 || text.includes("@all"))) {
        sdk().sysManage.sendMentionMessage({
          gid: this.id,
          txt: text,
          mentionAll: text.includes("@all"),
          mentionList: named.map(({ user_id }) => user_id),
          senderNickname: "",
        });
      } else this.give({ content: text, ext: JSON.stringify({ client: "vue2" }) });
    },
    async sendFile(kind) {
      const [name, mime, more] = FILES[kind];
      const file = new File([`the bytes of ${name}`], name, { type: mime });
      const { url } = await sdk().sysManage.asyncFileUpload({
        file,
        toType: "chat",
        fileType: kind,
        chatType: this.type,
        to_id: this.id,
        processCallback: ({ loaded, total }) => {
          this.progress = Math.round((100 * loaded) / total);
        },
      });
      this.give({ type: kind, content: "", attachment: { url, dName: name, fLen: file.size, ...more } });
    },
    sendPlace() {
      this.give({ type: "location", content: "", attachment: { lat: 31.2, lon: 121.5, addr: "上海" } });
    },
    sendCommand() {
      this.give({ type: "command", content: "shake" });
    },
  },
  template: `
    <form class="composer" @submit.prevent="sendText">
      <input class="text" v-model="text" />
      <button class="send">Send</button>
      <button v-for="kind in ['image', 'audio', 'video', 'file']" :key="kind" type="button" :class="'send-' + kind"
        @click="sendFile(kind)">{{ kind }}</button>
      <button type="button" class="send-location" @click="sendPlace">place</button>
      <button type="button" class="send-command" @click="sendCommand">command</button>
      <progress max="100" :value="progress"></progress>
    </form>`,
};
