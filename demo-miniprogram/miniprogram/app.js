const session = require("./utils/session");

App({
  /** Takes up the last login of this phone. */
  onLaunch(options) {
    session.launch((options.query || {}).dns);
  },
});
