import { sdk } from "../im.js";
import { state } from "../state.js";

export default {
  data: () => ({ state, name: "", password: "", busy: false }),
  created() {
    sdk().on({
      loginFail: () => {
        this.busy = false;
        state.error = "The login has failed";
      },
    });
  },
  destroyed() {
    sdk().off({ loginFail: "" });
  },
  methods: {
    login() {
      this.busy = true;
      sdk().login({ name: this.name, password: this.password });
    },
    register() {
      this.busy = true;
      sdk()
        .userManage.asyncRegister({ username: this.name, password: this.password })
        .then(() => this.login())
        .catch(({ message }) => {
          this.busy = false;
          state.error = message;
        });
    },
  },
  template: `
    <form class="login" @submit.prevent="login">
      <input class="name" v-model="name" placeholder="name" />
      <input class="password" v-model="password" type="password" placeholder="password" />
      <button class="log-in" :disabled="!state.appReady || busy">Log in</button>
      <button class="register" type="button" :disabled="!state.appReady || busy" @click="register">Register</button>
    </form>`,
};
