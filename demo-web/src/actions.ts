/** What can be done with the messages of one open chat, and what is being done right now. */
import type { ConversationKey, Message, Scope, SendContent } from "floo-wasm";
import { type InjectionKey, inject, shallowRef } from "vue";
import type { IconName } from "./components/Icon.vue";
import { type TextKey, t } from "./i18n/index.js";
import { keyText } from "./lib/keys.js";
import type { Store } from "./store.js";
import type { Timeline } from "./timeline.js";

/** An entry of a menu. */
export interface MenuItem {
  readonly id: string;
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
}

/** Where a menu belongs, in pixels of the window. */
export interface Anchor {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** The dialog that covers the chat. */
export type Dialog =
  | { readonly kind: "forward"; readonly message: Message }
  | { readonly kind: "delete"; readonly message: Message };

export type Actions = ReturnType<typeof createActions>;
export const actionsKey: InjectionKey<Actions> = Symbol("actions");

/** Kinds that a forward can carry. */
const FORWARDABLE: readonly Message["type"][] = ["text", "image", "audio", "video", "file", "location", "forward"];

const canForward = (message: Message) => message.id !== null && FORWARDABLE.includes(message.type);

export function createActions(store: Store, timeline: Timeline, key: ConversationKey) {
  const chat = store.client().conversation(key);
  const menu = shallowRef<{ readonly message: Message; readonly anchor: Anchor } | null>(null);
  const dialog = shallowRef<Dialog | null>(null);
  /** The key of the message whose text is being edited. */
  const editing = shallowRef<string | null>(null);
  /** The user has marked something unread: nothing is marked read by itself until the chat is opened again. */
  const keepUnread = shallowRef(false);

  const { attempt } = store;

  const ACTIONS: readonly (Omit<MenuItem, "label"> & {
    readonly label: TextKey;
    readonly when: (message: Message) => boolean;
    readonly run: (message: Message) => unknown;
  })[] = [
    {
      id: "resend",
      label: "actions.resend",
      icon: "retry",
      when: (message) => message.status === "failed",
      run: (message) => resend(message),
    },
    {
      id: "copy",
      label: "actions.copy",
      icon: "copy",
      when: (message) => message.text !== "",
      run: (message) =>
        attempt(async () => {
          await navigator.clipboard.writeText(message.text);
          store.toasts.say(t("actions.copied"));
        }),
    },
    {
      id: "edit",
      label: "actions.edit",
      icon: "edit",
      when: (message) => message.outgoing && message.type === "text" && message.id !== null,
      run: (message) => {
        editing.value = message.key;
      },
    },
    {
      id: "forward",
      label: "actions.forward",
      icon: "forward",
      when: canForward,
      run: (message) => {
        dialog.value = { kind: "forward", message };
      },
    },
    {
      id: "unread",
      label: "actions.unread",
      icon: "unread",
      when: (message) => !message.outgoing && message.id !== null,
      run: (message) => {
        keepUnread.value = true;
        return attempt(() => chat.markUnread(message));
      },
    },
    {
      id: "recall",
      label: "actions.recall",
      icon: "recall",
      when: (message) => message.outgoing && message.id !== null,
      run: (message) => attempt(() => chat.recall(message)),
    },
    {
      id: "delete",
      label: "actions.delete",
      icon: "trash",
      danger: true,
      when: (message) => message.id !== null,
      run: (message) => {
        dialog.value = { kind: "delete", message };
      },
    },
    {
      id: "cancel",
      label: "actions.cancel",
      icon: "trash",
      danger: true,
      when: (message) => message.id === null,
      run: (message) => cancel(message),
    },
  ];

  function resend(message: Message): Promise<boolean> {
    return attempt(() => store.client().outbox.resend(message));
  }

  function cancel(message: Message): Promise<boolean> {
    return attempt(() => timeline.cancel(message));
  }

  /** Sends a message of this chat again, to another one. */
  async function forward(message: Message, to: ConversationKey): Promise<void> {
    dialog.value = null;
    const content: SendContent = { forward: message };
    await attempt(async () => {
      // In the chat itself its own list shows what becomes of it.
      if (keyText(to) === keyText(key)) return void (await timeline.send(content));
      await store.client().conversation(to).send(content);
      store.toasts.say(t("actions.forwarded", { title: store.titleOf(to) }));
    });
  }

  function remove(message: Message, scope: Scope): Promise<boolean> {
    dialog.value = null;
    return attempt(() => chat.delete(message, { scope }));
  }

  return {
    menu,
    dialog,
    editing,
    keepUnread,
    chat,
    forward,
    remove,
    /** Takes the whole conversation away. */
    removeAll: (scope: Scope) => attempt(() => chat.remove({ scope })),
    resend,
    cancel,
    markPlayed: (message: Message) => attempt(() => chat.markPlayed(message)),
    /** What can be done with a message. */
    itemsFor: (message: Message): readonly MenuItem[] =>
      ACTIONS.filter(({ when }) => when(message)).map((action) => ({ ...action, label: t(action.label) })),
    run(id: string, message: Message): void {
      menu.value = null;
      void ACTIONS.find((action) => action.id === id)?.run(message);
    },
    /** Saves an edited text. */
    async save(message: Message, text: string): Promise<void> {
      editing.value = null;
      if (text !== message.text) await attempt(() => chat.edit(message, { text }));
    },
  };
}

/** The actions of the chat around a component. */
export function useActions(): Actions {
  const actions = inject(actionsKey);
  if (!actions) throw new Error("The actions are provided by ChatPane.vue.");
  return actions;
}
