const { t } = require("../../utils/i18n");

const KINDS = ["photo", "camera", "file", "location"];

/** What can be sent besides text. Triggers `attach` with the kind. */
Component({
  data: { kinds: [] },
  lifetimes: {
    attached() {
      this.setData({ kinds: KINDS.map((kind) => ({ kind: kind, label: t("input." + kind) })) });
    },
  },
  methods: {
    onChoose(event) {
      this.triggerEvent("attach", { kind: event.currentTarget.dataset.id });
    },
  },
});
