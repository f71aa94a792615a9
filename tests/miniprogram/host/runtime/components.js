// The built-in components that the demo uses, as components of glass-easel.
import templates from "./builtin-templates.js";

const setAttribute = (component, name, value) => {
  const element = component.$$;
  if (value === false || value === undefined || value === "") element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
};

const COMMON = {
  hidden: Boolean,
  hoverClass: String,
  hoverStartTime: Number,
  hoverStayTime: Number,
  hoverStopPropagation: Boolean,
  ariaRole: String,
  ariaLabel: String,
  ariaHidden: Boolean,
  ariaLive: String,
};
const COMMON_OBSERVERS = {
  hidden(value) {
    setAttribute(this, "data-hidden", value);
  },
  ariaRole(value) {
    setAttribute(this, "role", value);
  },
  ariaLabel(value) {
    setAttribute(this, "aria-label", value);
  },
  ariaHidden(value) {
    setAttribute(this, "aria-hidden", value ? "true" : "");
  },
  ariaLive(value) {
    setAttribute(this, "aria-live", value);
  },
};

/** `input` and `textarea`: an own element of the browser inside, with the platform's events. */
const FIELD = {
  properties: {
    value: String,
    placeholder: String,
    placeholderClass: String,
    placeholderStyle: String,
    password: Boolean,
    type: { type: String, value: "text" },
    disabled: Boolean,
    maxlength: { type: Number, value: 140 },
    focus: Boolean,
    confirmType: String,
    confirmHold: Boolean,
    adjustPosition: { type: Boolean, value: true },
    holdKeyboard: Boolean,
    cursorSpacing: Number,
    autoHeight: Boolean,
    fixed: Boolean,
    showConfirmBar: { type: Boolean, value: true },
    disableDefaultPadding: Boolean,
  },
  observers: {
    value(value) {
      if (this.field && this.field.value !== value) {
        this.field.value = value;
        this.grow();
      }
    },
    placeholder(value) {
      if (this.field) this.field.placeholder = value;
    },
    password(value) {
      if (this.field && this.field.tagName === "INPUT") this.field.type = value ? "password" : "text";
    },
    disabled(value) {
      if (this.field) this.field.disabled = value;
    },
    maxlength(value) {
      if (this.field) this.limit(value);
    },
    focus(value) {
      if (value) this.field?.focus();
    },
  },
  methods: {
    limit(value) {
      if (value >= 0) this.field.maxLength = value;
      else this.field.removeAttribute("maxlength");
    },
    grow() {
      if (!this.data.autoHeight || this.field.tagName !== "TEXTAREA") return;
      this.field.style.height = "0";
      this.$$.style.height = this.field.style.height = `${this.field.scrollHeight}px`;
    },
  },
  attached() {
    const field = this.$$.querySelector("input, textarea");
    this.field = field;
    field.value = this.data.value;
    field.placeholder = this.data.placeholder;
    field.disabled = this.data.disabled;
    if (this.data.password) field.type = "password";
    if (this.data.autoHeight) setAttribute(this, "data-auto-height", true);
    this.limit(this.data.maxlength);
    this.grow();
    if (this.data.focus) requestAnimationFrame(() => field.focus());
    field.addEventListener("input", (event) => {
      event.stopPropagation();
      this.grow();
      this.triggerEvent("input", { value: field.value, cursor: field.selectionEnd });
    });
    field.addEventListener("change", (event) => event.stopPropagation());
    field.addEventListener("focus", () => this.triggerEvent("focus", { value: field.value, height: 0 }));
    field.addEventListener("blur", () => this.triggerEvent("blur", { value: field.value }));
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      const sends =
        field.tagName === "INPUT" || ["send", "done", "go", "search", "next"].includes(this.data.confirmType);
      if (!sends || event.shiftKey) return;
      event.preventDefault();
      this.triggerEvent("confirm", { value: field.value });
    });
  },
};

const SCROLL_VIEW = {
  properties: {
    scrollX: Boolean,
    scrollY: Boolean,
    scrollTop: Number,
    scrollLeft: Number,
    scrollIntoView: String,
    scrollWithAnimation: Boolean,
    upperThreshold: { type: Number, value: 50 },
    lowerThreshold: { type: Number, value: 50 },
    enhanced: Boolean,
    showScrollbar: Boolean,
    enableFlex: Boolean,
    enablePassive: Boolean,
    bounces: Boolean,
    type: String,
    enableBackToTop: Boolean,
  },
  observers: {
    scrollX(value) {
      setAttribute(this, "data-x", value);
    },
    scrollY(value) {
      setAttribute(this, "data-y", value);
    },
    scrollTop(value) {
      if (this.$$) this.$$.scrollTop = value;
    },
    scrollIntoView(id) {
      // Like the platform: only a changed value scrolls.
      if (id === this.lastTarget) return;
      this.lastTarget = id;
      if (!id) return;
      requestAnimationFrame(() => {
        const target = this.$$.querySelector(`[exparser\\:info-attr-id="${CSS.escape(id)}"]`);
        if (!target) return;
        this.$$.scrollTop += target.getBoundingClientRect().top - this.$$.getBoundingClientRect().top;
      });
    },
  },
  attached() {
    const view = this.$$;
    let upper = false;
    let lower = false;
    let last = 0;
    view.addEventListener("scroll", () => {
      const { scrollTop, scrollLeft, scrollHeight, scrollWidth, clientHeight } = view;
      this.triggerEvent("scroll", {
        scrollTop,
        scrollLeft,
        scrollHeight,
        scrollWidth,
        deltaX: 0,
        deltaY: last - scrollTop,
      });
      last = scrollTop;
      const isUpper = scrollTop <= this.data.upperThreshold;
      const isLower = scrollHeight - clientHeight - scrollTop <= this.data.lowerThreshold;
      if (isUpper && !upper) this.triggerEvent("scrolltoupper", { direction: "top" });
      if (isLower && !lower) this.triggerEvent("scrolltolower", { direction: "bottom" });
      upper = isUpper;
      lower = isLower;
    });
  },
};

/** A switch: the state changes at once, the app hears of it. */
const SWITCH = {
  properties: { checked: Boolean, disabled: Boolean, color: { type: String, value: "#04be02" } },
  observers: {
    checked(value) {
      this.show(value);
    },
  },
  methods: {
    show(value) {
      this.value = value;
      this.$$?.setAttribute("aria-checked", String(value));
      this.$$?.style.setProperty("--on", this.data.color);
    },
  },
  attached() {
    this.$$.setAttribute("role", "switch");
    this.show(this.data.checked);
    this.$$.addEventListener("click", () => {
      if (this.data.disabled) return;
      this.show(!this.value);
      this.triggerEvent("change", { value: this.value });
    });
  },
};

const definitions = (files) => ({
  view: {},
  label: { properties: { for: String } },
  form: {},
  text: {
    properties: { selectable: Boolean, userSelect: Boolean, space: String, decode: Boolean },
    observers: {
      userSelect(value) {
        setAttribute(this, "data-select", value);
      },
    },
  },
  button: {
    properties: {
      type: String,
      size: String,
      plain: Boolean,
      disabled: Boolean,
      loading: Boolean,
      formType: String,
      openType: String,
    },
    observers: {
      type(value) {
        setAttribute(this, "data-type", value);
      },
      size(value) {
        setAttribute(this, "data-size", value);
      },
      disabled(value) {
        setAttribute(this, "data-disabled", value);
      },
      loading(value) {
        setAttribute(this, "data-loading", value);
      },
    },
    attached() {
      this.$$.setAttribute("role", "button");
    },
  },
  image: {
    properties: { src: String, mode: { type: String, value: "scaleToFill" }, lazyLoad: Boolean },
    observers: {
      src(value) {
        const inPackage = value && !/^(https?:|data:|wxfile:)/.test(value);
        const url = inPackage ? `./package/${value.replace(/^\//, "")}` : files.urlOf(value);
        this.$$.style.backgroundImage = url ? `url("${CSS.escape(url)}")` : "";
      },
      mode(value) {
        setAttribute(this, "data-mode", value);
      },
    },
  },
  "scroll-view": SCROLL_VIEW,
  input: FIELD,
  textarea: FIELD,
  switch: SWITCH,
});

/** Defines all of them in the environment; answers tag -> definition. `files` are those of the phone. */
export function defineBuiltins(env, files) {
  const space = env.getGlobalCodeSpace().getComponentSpace();
  const made = {};
  for (const [name, own] of Object.entries(definitions(files))) {
    const tag = `wx-${name}`;
    made[tag] = space
      .defineComponent({
        is: tag,
        properties: { ...COMMON, ...own.properties },
        observers: { ...COMMON_OBSERVERS, ...own.observers },
        methods: own.methods ?? {},
        lifetimes: { attached: own.attached ?? (() => {}) },
        ...(templates[name] ? { template: { groupList: templates, content: templates[name] } } : {}),
      })
      .general();
  }
  return made;
}
