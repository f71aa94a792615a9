// An application as they were written against floo-web 3.x: Vue 2, documented calls only, listeners attached in
// `created` and detached in `destroyed`, most of them the way the vendor's own demo does it.
import Vue from "vue";
import { connect } from "./im.js";
import { state } from "./state.js";
import App from "./views/app.js";

Vue.config.productionTip = false;
Vue.config.devtools = false;

const dnsServer = new URLSearchParams(location.search).get("dns");
const im = connect({ appid: "floo-demo", dnsServer, logLevel: "warn", reload: () => {} });

// There is no event for it: applications have always asked again and again.
const waiting = setInterval(() => {
  if (!im.isReady() || !im.isAppInfoReady()) return;
  clearInterval(waiting);
  state.appReady = true;
}, 100);

window.app = new Vue({ el: "#app", render: (h) => h(App) });
window.appState = state;
window.ready = true;
