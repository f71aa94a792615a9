const floo = requirePlugin("floo");

App({
  onLaunch(options) {
    const query = options.query || {};
    const dns = query.dns ? decodeURIComponent(query.dns) : "http://127.0.0.1:7700/v2/app_dns";
    // Plugins have neither random bytes nor the app's show and hide: they are handed in with `wx`.
    this.client = floo.start({ appId: "floo-demo", servers: { dns: dns }, host: wx });
  },
});
