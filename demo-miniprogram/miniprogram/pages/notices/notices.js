const { noticeText } = require("../../utils/notice-text");
const session = require("../../utils/session");
const { chatTime, errorText } = require("../../utils/text");
const { createStops, goToSignIn, showError } = require("../../utils/ui");

/** What the server told and somebody has yet to see. */
Page({
  data: { ready: false, rows: [] },

  async onLoad() {
    this.stops = createStops();
    let who;
    try {
      who = await session.ready();
    } catch (error) {
      goToSignIn(errorText(error));
      return;
    }
    if (who === null) {
      goToSignIn();
      return;
    }
    this.client = session.current();
    const again = () => this.read(() => this.client.notices.list());
    for (const event of ["notice", "roster", "groups"]) this.stops.add(this.client.on(event, again));
    again();
  },

  onUnload() {
    this.stops.end();
  },

  /** Shows the notices that a call resolves with. */
  async read(call) {
    try {
      this.show(await call());
    } catch (error) {
      showError(error);
    }
  },

  show(notices) {
    const { roster, groups } = this.client;
    const now = Date.now();
    this.setData({
      ready: true,
      rows: notices.map((notice) => {
        const user = roster.get(notice.from);
        const group = notice.group === null ? null : groups.get(notice.group);
        return {
          id: notice.id,
          text: noticeText(
            notice,
            user === null ? notice.from : user.displayName,
            group === null ? "group " + notice.group : group.name,
          ),
          time: chatTime(notice.timestamp, now),
        };
      }),
    });
  },

  onDismiss(event) {
    this.read(() => this.client.notices.dismiss([event.currentTarget.dataset.id]));
  },

  onDismissAll() {
    this.read(() => this.client.notices.dismiss(this.data.rows.map((row) => row.id)));
  },
});
