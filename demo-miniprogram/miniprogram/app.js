const session = require("./utils/session");

App({
  /** Takes up the last login of this phone. `dns` as a launch parameter overrides the saved server. */
  onLaunch(options) {
    const query = options.query || {};
    session.launch(query.dns ? decodeURIComponent(query.dns) : "");
  },
});
