const { current } = require("../../index");
const { listChanges, sendChanges } = require("../../utils/diff");
const { listTime, preview } = require("../../utils/text");
const { onceATick } = require("../../utils/tick");

/** So many are handed to the view: what is passed there in one go is limited, and nobody scrolls further. */
const SHOWN = 200;

/** A row of the list as the view wants it. */
function row(info, now) {
  const last = info.lastMessage;
  const id = `${info.key.kind}:${info.key.id}`;
  return {
    key: id,
    id: id,
    name: info.title,
    avatar: info.avatar,
    note: preview(last),
    failed: last !== null && last.status === "failed",
    time: listTime(info.timestamp, now),
    unread: info.unread,
  };
}

/** All conversations, the latest first. A tap triggers `open` with `{ kind, id, title }`. */
Component({
  data: { rows: [], rowsOrder: [] },
  lifetimes: {
    attached() {
      const conversations = current().conversations;
      const show = () => {
        const now = Date.now();
        const rows = conversations.snapshot.slice(0, SHOWN).map((info) => row(info, now));
        sendChanges(this, listChanges("rows", this.data, rows));
      };
      this.stop = conversations.subscribe(onceATick(show));
      show();
      // Reads them from the phone when nobody has yet; `show` hears of it.
      conversations.list().then(show, (error) => this.triggerEvent("failure", { error: error }));
    },
    detached() {
      this.stop();
    },
  },
  methods: {
    onOpen(event) {
      const id = event.currentTarget.dataset.id;
      const parts = id.split(":");
      const title = this.data.rows.find((one) => one.id === id).name;
      this.triggerEvent("open", { kind: parts[0], id: parts[1], title: title });
    },
  },
});
