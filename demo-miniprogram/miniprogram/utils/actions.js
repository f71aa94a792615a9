/** What can be done with a message: the menu of a long press. */
const handover = require("./handover");
const { t } = require("./i18n");
const { openPage } = require("./navigate");
const { choose, chooseOne, copy } = require("./ui");

const accepted = (message) => message.id !== null;
const mine = (message) => message.outgoing && accepted(message);
const waiting = (message) => message.outgoing && !accepted(message);

/** Where something is deleted, in the order in which it is offered. */
const SCOPES = ["device", "account"];

/** Asks where to delete; resolves with the scope, or null when the user closed the question. */
async function askScope() {
  const index = await choose([t("actions.deleteHere"), t("actions.deleteEverywhere")]);
  return index < 0 ? null : SCOPES[index];
}

/**
 * At most six fit one message: that is what an action sheet takes. `run` gets the chat
 * (`{ client, conversation, beginEdit, drop }`) and the message.
 */
const ACTIONS = [
  { name: "resend", fits: (m) => m.status === "failed", run: (chat, m) => chat.client.outbox.resend(m) },
  { name: "copy", fits: (m) => m.text !== "", run: (_, m) => copy(m.text) },
  {
    name: "forward",
    fits: accepted,
    run: (_, m) => {
      handover.give(m);
      return openPage("/pages/forward/forward");
    },
  },
  { name: "edit", fits: (m) => mine(m) && m.type === "text", run: (chat, m) => chat.beginEdit(m) },
  {
    name: "markUnread",
    fits: (m) => accepted(m) && !m.outgoing,
    run: (chat, m) => chat.conversation.markUnread(m),
  },
  { name: "recall", fits: mine, run: (chat, m) => chat.conversation.recall(m) },
  {
    name: "delete",
    fits: accepted,
    run: async (chat, m) => {
      const scope = await askScope();
      if (scope !== null) await chat.conversation.delete(m, { scope: scope });
    },
  },
  {
    name: "discard",
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
  await chooseOne(
    fitting.map((action) => ({ label: t("actions." + action.name), run: () => action.run(chat, message) })),
    why,
  );
}

module.exports = { act, askScope };
