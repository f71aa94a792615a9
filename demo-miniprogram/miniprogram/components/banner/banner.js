const { t } = require("../../utils/i18n");
const session = require("../../utils/session");

const TICK_MS = 1000;

/** Says when the connection is not there, and when the next attempt comes. Hidden while online. */
Component({
  data: { text: "" },
  lifetimes: {
    attached() {
      this.client = session.current();
      if (this.client === null) return;
      this.retryAt = null;
      this.stop = this.client.on("state", (change) => {
        this.retryAt = change.retryAt;
        this.update();
      });
      this.update();
    },
    detached() {
      if (this.stop) this.stop();
      clearTimeout(this.timer);
    },
  },
  pageLifetimes: {
    show() {
      this.hidden = false;
      if (this.client) this.update();
    },
    hide() {
      this.hidden = true;
      clearTimeout(this.timer);
    },
  },
  methods: {
    update() {
      clearTimeout(this.timer);
      const text = this.describe();
      if (text !== this.data.text) this.setData({ text: text });
      // Nobody sees the seconds of a page behind others.
      if (this.retryAt !== null && text !== "" && !this.hidden) this.timer = setTimeout(() => this.update(), TICK_MS);
    },
    describe() {
      const state = this.client.state;
      if (state === "online" || state === "idle" || state === "kicked" || state === "closed") return "";
      const seconds = this.retryAt === null ? 0 : Math.ceil((this.retryAt - Date.now()) / 1000);
      if (state === "reconnecting" && seconds > 0) return t("banner.offline", { seconds: seconds });
      return t("banner.connecting");
    },
  },
});
