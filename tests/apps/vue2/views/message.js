// One message of any kind.
import { sdk } from "../im.js";

export default {
  props: { message: Object, mine: Boolean, name: String },
  computed: {
    attach() {
      return this.message.attach || {};
    },
    source() {
      const { image, file } = { image: this.message.type === "image", file: this.attach.url };
      if (!file) return "";
      const params = image ? { image_type: 2 } : {};
      return this.message.type === "audio"
        ? sdk().sysManage.getAudio({ url: file })
        : sdk().sysManage.getChatFile({ url: file, params });
    },
    time() {
      return new Date(Number(this.message.timestamp)).toISOString();
    },
    edited() {
      return Number(this.message.editTimestamp) > 0;
    },
  },
  template: `
    <li class="message" :class="{ mine }" :data-id="message.id">
      <small>{{ name }} {{ time }} <em v-if="edited">edited</em></small>
      <p v-if="message.type === 'text'" class="text">{{ message.content }}</p>
      <a v-else-if="message.type === 'image'" :href="source" :title="attach.width + ' x ' + attach.height">picture</a>
      <a v-else-if="message.type === 'audio'" :href="source">{{ attach.duration }} s of sound</a>
      <a v-else-if="message.type === 'video'" :href="source">{{ attach.duration }} s of video</a>
      <a v-else-if="message.type === 'file'" :href="source">{{ attach.dName }}, {{ attach.fLen }} bytes</a>
      <p v-else-if="message.type === 'location'">{{ attach.addr }} ({{ attach.lat }}, {{ attach.lon }})</p>
      <p v-else>{{ message.type }}</p>
      <span v-if="mine" class="status">{{ ['sent', 'delivered', 'read'][message.status] }}</span>
      <button class="act" @click="$emit('act', message)">...</button>
    </li>`,
};
