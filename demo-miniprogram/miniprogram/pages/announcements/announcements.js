const { readAnnouncements } = require("../../utils/announcements");
const { section, t } = require("../../utils/i18n");
const { userCard } = require("../../utils/names");
const { createMembers } = require("../../utils/members");
const { once, opening } = require("../../utils/page");
const { chatTime } = require("../../utils/text");
const { sure, showDone } = require("../../utils/ui");

/** The announcements of a group; who manages it can post and delete them. */
Page({
  data: {
    t: section("announcements"),
    ready: false,
    rows: [],
    manager: false,
    writing: false,
    title: "",
    content: "",
    error: "",
  },

  onLoad(query) {
    this.id = query.id;
    return opening(this, "announcements", (client) => this.start(client));
  },

  onUnload() {
    this.stops.end();
  },

  async start(client) {
    this.handle = client.group(this.id);
    const roles = await createMembers(client, this.id).roles();
    const me = client.session.userId;
    this.setData({ manager: roles.owner === me || roles.admins.has(me) });
    await this.read();
  },

  async read() {
    const now = Date.now();
    const announcements = await readAnnouncements(this.handle);
    this.setData({
      ready: true,
      rows: announcements.map((it) => ({
        id: it.id,
        title: it.title,
        content: it.content,
        author: it.author ? userCard(this.client, it.author).name : "",
        time: it.createdAt ? chatTime(it.createdAt, now) : "",
      })),
    });
  },

  onWrite() {
    this.setData({ writing: !this.data.writing, error: "" });
  },

  onInput(event) {
    this.setData({ [event.currentTarget.dataset.field]: event.detail.value, error: "" });
  },

  async onPost() {
    const title = this.data.title.trim();
    const content = this.data.content.trim();
    const missing = title === "" ? "noTitle" : content === "" ? "noText" : "";
    if (missing !== "") {
      this.setData({ error: t("announcements." + missing) });
      return;
    }
    await once(this, async () => {
      await this.handle.announce({ title: title, content: content });
      this.setData({ writing: false, title: "", content: "" });
      showDone(t("announcements.posted"));
      await this.read();
    });
  },

  onHold(event) {
    const id = event.currentTarget.dataset.id;
    return once(this, async () => {
      if (!this.data.manager || !(await sure(t("announcements.deleteQuestion")))) return;
      await this.handle.deleteAnnouncement(id);
      await this.read();
    });
  },
});
