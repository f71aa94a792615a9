// What several components show.
import Vue from "vue";

export const state = Vue.observable({
  appReady: false,
  loggedIn: false,
  uid: 0,
  /** What the progress notices said last. */
  progress: "",
  error: "",
  view: "conversations",
  /** The open chat: `{type, id}`. */
  chat: null,
  /** How often each message was told as new, by type, conversation and id. */
  told: {},
});

/** Opens a chat in place of whatever is shown. */
export function openChat(type, id) {
  state.view = "chat";
  state.chat = { type, id: Number(id) };
}

/** Counts a message that was told as new. */
export function count(kind, partner, id) {
  const key = `${kind}:${partner}:${id}`;
  state.told[key] = (state.told[key] || 0) + 1;
}
