// Toasts, dialogs and the navigation of `wx`, drawn inside the simulated screen.
import { layer } from "./layer.js";
import { makeApi } from "./wx-call.js";

function element(className, text = "") {
  const made = document.createElement("div");
  made.className = className;
  made.textContent = text;
  return made;
}

/**
 * Calls `act` for a click that began on this element. A touch that opened a dialog is followed by a
 * click at the same place, which must not count for the dialog.
 */
function onOwnClick(target, act) {
  let began = false;
  target.addEventListener("pointerdown", (event) => {
    began = event.target === target;
  });
  target.addEventListener("click", (event) => {
    if (began && event.target === target) act();
    began = false;
  });
}

/** So many characters the platform takes on a button of a dialog. */
const BUTTON_LENGTH = 4;

/** The user-interface part of `wx`; `pages` is the page stack, `screen` the element to draw in. */
export function createUi(context, pages, screen) {
  const { device } = context;
  let toast = null;
  let toastTimer;
  const hideToast = () => {
    clearTimeout(toastTimer);
    toast?.remove();
    toast = null;
  };
  const showToast = (text, busy) => {
    hideToast();
    toast = element(busy ? "mp-toast mp-busy" : "mp-toast", text);
    screen.append(toast);
  };

  const dialog = (build) => {
    const veil = element("mp-veil");
    build(veil, () => veil.remove());
    screen.append(veil);
  };
  const choice = (className, text, act) => {
    const button = element(className, text);
    button.setAttribute("role", "button");
    onOwnClick(button, act);
    return button;
  };

  const api = (name, work) => makeApi(context, name, work);
  const navigation = (name) =>
    api(name, (options, ok, fail) => {
      pages[name](options).then(
        () => ok({}),
        (error) => fail(error.message),
      );
    });

  /** A page of WeChat itself, which a click closes. */
  const settings = (name) =>
    api(name, (_, ok) => {
      layer(screen, name, name);
      ok({});
    });

  return {
    showToast: api("showToast", ({ title, duration = 1500 }, ok) => {
      showToast(title, false);
      toastTimer = setTimeout(hideToast, duration);
      ok({});
    }),
    hideToast: api("hideToast", (_, ok) => {
      hideToast();
      ok({});
    }),
    showLoading: api("showLoading", ({ title }, ok) => {
      showToast(title, true);
      ok({});
    }),
    hideLoading: api("hideLoading", (_, ok) => {
      hideToast();
      ok({});
    }),
    showModal: api("showModal", (options, ok, fail) => {
      for (const name of ["confirmText", "cancelText"]) {
        if ((options[name] ?? "").length > BUTTON_LENGTH)
          return fail(`${name} length should not larger than ${BUTTON_LENGTH} Chinese characters`);
      }
      return dialog((veil, close) => {
        const box = element("mp-modal");
        box.setAttribute("role", "dialog");
        const row = element("mp-modal-buttons");
        const field = options.editable ? document.createElement("input") : null;
        const answer = (confirm) => () => {
          close();
          ok({ confirm, cancel: !confirm, content: confirm && field ? field.value : null });
        };
        if (options.showCancel !== false) row.append(choice("mp-cancel", options.cancelText ?? "取消", answer(false)));
        row.append(choice("mp-confirm", options.confirmText ?? "确定", answer(true)));
        if (options.title) box.append(element("mp-modal-title", options.title));
        if (field) {
          field.className = "mp-modal-field";
          field.value = options.content ?? "";
          field.placeholder = options.placeholderText ?? "";
          box.append(field, row);
        } else box.append(element("mp-modal-content", options.content ?? ""), row);
        veil.append(box);
        field?.focus();
      });
    }),
    showActionSheet: api("showActionSheet", ({ itemList, alertText }, ok, fail) => {
      if (!Array.isArray(itemList) || itemList.length < 1 || itemList.length > 6) {
        fail("parameter error: itemList should have 1 to 6 entries");
        return;
      }
      dialog((veil, close) => {
        const sheet = element("mp-sheet");
        sheet.setAttribute("role", "menu");
        if (alertText) sheet.append(element("mp-sheet-note", alertText));
        itemList.forEach((text, tapIndex) => {
          sheet.append(
            choice("mp-sheet-item", text, () => {
              close();
              ok({ tapIndex });
            }),
          );
        });
        const cancel = () => {
          close();
          fail("cancel");
        };
        sheet.append(choice("mp-sheet-item mp-sheet-cancel", "取消", cancel));
        onOwnClick(veil, cancel);
        veil.append(sheet);
      });
    }),
    setClipboardData: api("setClipboardData", ({ data }, ok, fail) => {
      if (typeof data !== "string") {
        fail("parameter error: data should be a text");
        return;
      }
      navigator.clipboard.writeText(data).then(
        () => {
          // The platform tells the user by itself.
          showToast("内容已复制", false);
          toastTimer = setTimeout(hideToast, 1500);
          ok({});
        },
        (error) => fail(error.message),
      );
    }),
    setNavigationBarTitle: api("setNavigationBarTitle", ({ title }, ok) => {
      pages.setTitle(title);
      ok({});
    }),
    openSetting: settings("openSetting"),
    openAppAuthorizeSetting: settings("openAppAuthorizeSetting"),
    openPrivacyContract: settings("openPrivacyContract"),
    navigateTo: navigation("navigateTo"),
    redirectTo: navigation("redirectTo"),
    reLaunch: navigation("reLaunch"),
    navigateBack: navigation("navigateBack"),
    switchTab: navigation("switchTab"),
    nextTick: (callback) => setTimeout(() => device.deliver(callback)),
  };
}
