const { localised } = require("../../utils/localised");

/**
 * The line to write in, with its panels. Triggers `draft` while typing, `send` when something is to be sent, `cancel` when
 * an edit is given up, `attach` with the kind of an attachment, `voice` with a recording, and `panel` when one opens.
 */
Component({
  behaviors: [localised("input")],
  properties: {
    value: String,
    /** What is written replaces a message. */
    editing: Boolean,
  },
  data: {
    /** `emoji`, `more` or empty. */
    panel: "",
    /** Talks instead of writing. */
    talking: false,
  },
  observers: {
    editing(editing) {
      if (editing && this.data.talking) this.setData({ talking: false });
    },
  },
  methods: {
    onInput(event) {
      this.draft(event.detail.value);
    },
    draft(text) {
      this.triggerEvent("draft", { value: text });
    },
    onCancel() {
      this.triggerEvent("cancel");
    },
    onSend() {
      if (this.data.value.trim() !== "") this.triggerEvent("send");
    },
    onTalk() {
      this.setData({ talking: !this.data.talking, panel: "" });
    },
    /** Opens a panel, or closes it. */
    onPanel(event) {
      const wanted = event.currentTarget.dataset.panel;
      const panel = this.data.panel === wanted ? "" : wanted;
      this.setData({ panel: panel, talking: false });
      if (panel !== "") this.triggerEvent("panel");
    },
    onFocus() {
      if (this.data.panel !== "") this.setData({ panel: "" });
    },
    onEmoji(event) {
      this.draft(this.data.value + event.detail.emoji);
    },
    /** Takes the last character away, whole ones only. */
    onBackspace() {
      this.draft(Array.from(this.data.value).slice(0, -1).join(""));
    },
    onAttach(event) {
      this.setData({ panel: "" });
      this.triggerEvent("attach", event.detail);
    },
    onVoice(event) {
      this.triggerEvent("voice", event.detail);
    },
  },
});
