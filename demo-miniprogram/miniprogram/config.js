/** Settings of the demo. */
module.exports = {
  /** The application's id in the Lanying console; the emulator knows this one. */
  appId: "floo-demo",
  /**
   * Where the cloud is asked for its servers. This address is the local emulator's; it can be changed
   * in the sign-in form, and by the launch parameter `dns`.
   */
  dns: "http://127.0.0.1:7700/v2/app_dns",
  /** The version of floo-wasm that comes with this demo, for reports. */
  sdkVersion: "0.1.0",
  /** Accounts that the emulator makes at its first start. */
  accounts: [
    { username: "amber", password: "amber-demo" },
    { username: "basil", password: "basil-demo" },
  ],
};
