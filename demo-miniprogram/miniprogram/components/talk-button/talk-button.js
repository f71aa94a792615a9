const { t } = require("../../utils/i18n");
const { localised } = require("../../utils/localised");
const { record, stop } = require("../../utils/recorder");
const { showDone, showError } = require("../../utils/ui");

/** Pixels that a finger moves up to give up. */
const AWAY = 80;
/** Seconds below which it was a slip of the finger. */
const SHORTEST = 0.5;

/** Records while it is held. Triggers `voice` with `{ path, duration, size }`; a finger that slides up gives up. */
Component({
  behaviors: [localised("input")],
  data: { recording: false, leaving: false },
  lifetimes: {
    detached() {
      this.onCancel();
    },
  },
  pageLifetimes: {
    /** The finger may leave unseen. */
    hide() {
      this.onCancel();
    },
  },
  methods: {
    async onStart(event) {
      if (this.data.recording) return;
      this.startY = event.touches[0].clientY;
      this.given = false;
      this.setData({ recording: true, leaving: false });
      try {
        const voice = await record();
        if (this.given) return;
        if (voice.duration < SHORTEST) showDone(t("input.tooShort"));
        else this.triggerEvent("voice", voice);
      } catch (error) {
        showError(error);
      } finally {
        this.setData({ recording: false, leaving: false });
      }
    },
    onMove(event) {
      if (!this.data.recording) return;
      const leaving = this.startY - event.touches[0].clientY > AWAY;
      if (leaving !== this.data.leaving) this.setData({ leaving: leaving });
    },
    onEnd() {
      this.given = this.data.leaving;
      stop();
    },
    onCancel() {
      this.given = true;
      stop();
    },
  },
});
