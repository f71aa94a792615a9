const { section } = require("../utils/i18n");
const { showPage } = require("../utils/navigate");
const { openNotices } = require("../utils/notices");
const session = require("../utils/session");
const { showError } = require("../utils/ui");

const TABS = [
  { name: "conversations", icon: "chats" },
  { name: "contacts", icon: "people" },
  { name: "me", icon: "person" },
];

/** How many there were at the last count: each page has a bar of its own, and a new one is not to begin empty. */
let notices = 0;

/** The bar at the bottom: the three main pages, with counts of what is new. */
Component({
  data: { tabs: [], selected: "" },
  lifetimes: {
    detached() {
      for (const stop of this.stops || []) stop();
    },
  },
  methods: {
    /** The page of that name is in front. */
    select(name) {
      this.setData({ selected: name });
      this.follow();
      this.count();
    },
    /** Counts along with the client, once there is one. */
    follow() {
      const client = session.current();
      if (client === null || this.stops) return;
      const count = () => this.count();
      this.stops = [
        client.on("unread:total", count),
        client.on("notice", count),
        client.on("roster", count),
        client.on("groups", count),
        client.on("sync", count),
      ];
    },
    async count() {
      const client = session.current();
      const signedIn = client !== null && client.session !== null;
      if (!signedIn) notices = 0;
      this.show();
      if (!signedIn) return;
      try {
        notices = (await openNotices(client)).length;
      } catch (error) {
        showError(error);
      }
      this.show();
    },
    show() {
      const client = session.current();
      const counts = { conversations: client === null ? 0 : client.conversations.unread, contacts: notices, me: 0 };
      const labels = section("tabs");
      const tabs = TABS.map((tab) => ({ ...tab, label: labels[tab.name], count: counts[tab.name] }));
      if (JSON.stringify(tabs) !== JSON.stringify(this.data.tabs)) this.setData({ tabs: tabs });
    },
    onTap(event) {
      const name = event.currentTarget.dataset.id;
      if (name !== this.data.selected) showPage("/pages/" + name + "/" + name);
    },
  },
});
