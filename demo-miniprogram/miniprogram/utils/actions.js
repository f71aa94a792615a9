/** What can be done with a message: the menu of a long press. */
const handover = require("./handover");
const { choose, copy } = require("./ui");

const accepted = (message) => message.id !== null;
const mine = (message) => message.outgoing && accepted(message);
const waiting = (message) => message.outgoing && !accepted(message);

/** Where something is deleted, in the order in which it is offered. */
const SCOPES = ["device", "account"];
const SCOPE_LABELS = ["Delete on this phone", "Delete on all devices"];

/** Asks where to delete; resolves with the scope, or null when the user closed the question. */
async function askScope() {
  const index = await choose(SCOPE_LABELS);
  return index < 0 ? null : SCOPES[index];
}

/**
 * At most six fit one message: that is what an action sheet takes. `run` gets the chat
 * (`{ client, conversation, beginEdit, drop }`) and the message.
 */
const ACTIONS = [
  { label: "Send again", fits: (m) => m.status === "failed", run: (chat, m) => chat.client.outbox.resend(m) },
  { label: "Copy", fits: (m) => m.text !== "", run: (_, m) => copy(m.text) },
  {
    label: "Forward",
    fits: accepted,
    run: (_, m) => {
      handover.give(m);
      return wx.navigateTo({ url: "/pages/forward/forward" });
    },
  },
  { label: "Edit", fits: (m) => mine(m) && m.type === "text", run: (chat, m) => chat.beginEdit(m) },
  {
    label: "Mark unread",
    fits: (m) => accepted(m) && !m.outgoing,
    run: (chat, m) => chat.conversation.markUnread(m),
  },
  { label: "Recall", fits: mine, run: (chat, m) => chat.conversation.recall(m) },
  {
    label: "Delete",
    fits: accepted,
    run: async (chat, m) => {
      const scope = await askScope();
      if (scope !== null) await chat.conversation.delete(m, { scope: scope });
    },
  },
  {
    label: "Discard",
    fits: waiting,
    run: async (chat, m) => {
      await chat.client.outbox.cancel(m);
      chat.drop(m);
    },
  },
];

/** Shows the menu and does what is chosen. `why` stands above it. Rejects with what went wrong. */
async function act(chat, message, why) {
  const fitting = ACTIONS.filter((action) => action.fits(message));
  if (fitting.length === 0) return;
  const index = await choose(
    fitting.map((action) => action.label),
    why,
  );
  if (index >= 0) await fitting[index].run(chat, message);
}

module.exports = { act, askScope };
