import { createSSRApp } from "vue";
import App from "./App.vue";

// What uni-app asks of this file: it calls the function itself.
export function createApp() {
  return { app: createSSRApp(App) };
}
