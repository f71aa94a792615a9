// What a person does with the mini-program demo, step by step.
import { startEmulator } from "../../lib/emulator.mjs";

/** Fills in the sign-in form and submits it. */
export async function submit(phone, { dns, username, password }) {
  await phone.one("signin-submit");
  await phone.type("signin-dns", dns);
  await phone.type("signin-user", username);
  await phone.type("signin-password", password);
  await phone.tap("signin-submit");
}

/** Opens the demo and signs in; returns when the conversation list is there. */
export async function signIn(phone, dns, username, profile, language = "en") {
  await phone.open({ profile, language });
  await submit(phone, { dns, username, password: `${username}-demo` });
  await online(phone);
}

/** A local cloud and two iPhones that are signed in at it; `options` are those of basil's. */
export async function amberAndBasil(stage, options) {
  const emulator = await startEmulator();
  stage.later(() => emulator.stop());
  const base = await stage.demo();
  const amber = await stage.phone(base);
  const basil = await stage.phone(base, options);
  await signIn(amber, emulator.dns, "amber", "ios");
  await signIn(basil, emulator.dns, "basil", "ios");
  return { emulator, amber, basil };
}

/** Waits until the client is online. */
export const online = (phone) =>
  phone.until("the client to be online", () => phone.run("return __mp.pages.top.page.client?.state === 'online'"));

/** The row of the list whose name begins like this: `{ id, name, note, unread, ... }`, or null. */
export async function row(phone, name) {
  const rows = await phone.run(
    "const { rows, rowsOrder } = __mp.pages.stack[0].page.data; return rowsOrder.map((place) => rows[place])",
  );
  return rows.find((one) => one.name.toLowerCase().startsWith(name.toLowerCase())) ?? null;
}

/** Opens the chat with somebody from the list. */
export async function openChat(phone, name) {
  const found = await phone.until(`${name} in the list`, () => row(phone, name));
  await phone.tapRow("conversation", found.id);
  await phone.one("composer");
  return found.id;
}

/** Opens a page of the bar at the bottom: `conversations`, `contacts` or `me`. */
export async function openTab(phone, name) {
  await phone.tapRow("tab", name);
  await onPage(phone, name);
}

/** Waits until the page of that name is in front. */
export const onPage = (phone, name) =>
  phone.until(`the page ${name}`, () =>
    phone.run("return __mp.pages.top.path === arguments[0]", `pages/${name}/${name}`),
  );

/** Writes a text and sends it with the button. */
export async function send(phone, text) {
  await phone.type("composer", text);
  await phone.tap("send");
}

/** The shown messages, oldest first: `{ text, status, mark, outgoing, body, edited }`; `text` is "" when there is none. */
export const messages = (phone) =>
  phone.run(`
    const page = [...document.querySelectorAll(".mp-page:not([hidden])")].at(-1);
    const bubbles = [...page.querySelectorAll("[class*=bubble]")].map((e) => e.closest(".message, [class$='--message']")).filter(Boolean);
    return [...new Set(bubbles)].map((element) => {
      const { status, mark, outgoing } = element.__wxElement.dataset;
      const { body, edited } = element.__wxElement.data;
      const text = element.querySelector("[class*=message-text]")?.textContent.trim() ?? "";
      return { text, status, mark, outgoing, body, edited };
    });`);

/** Waits until a message is shown that `fits`. */
export const message = (phone, what, fits) => phone.until(what, async () => (await messages(phone)).find(fits));

/** Holds a finger on the newest message with that text, and chooses from its menu. */
export async function act(phone, text, ...labels) {
  await phone.hold(`the message "${text}"`, async () => {
    const index = (await messages(phone)).map((m) => m.text).lastIndexOf(text);
    const bubble = index >= 0 && (await phone.all("bubble"))[index];
    // Others may have come or gone between the two looks.
    return bubble && (await bubble.getText()).includes(text) && bubble;
  });
  for (const label of labels) await phone.choose(label);
}

/** Waits until a message with that text, and that status if given, is shown. */
export const shown = (phone, text, status) =>
  phone.until(`the message "${text}" ${status ?? ""}`, async () =>
    (await messages(phone)).find((m) => m.text === text && (status === undefined || m.status === status)),
  );

/** Goes one page back, to the list unless another is expected. */
export async function back(phone, name = "conversations") {
  await phone.driver.findElement({ css: ".mp-back" }).click();
  await onPage(phone, name);
}

/** Answers the open dialog for a text with `text`, or a question when there is none. */
export async function agree(phone, text) {
  const button = await phone.until(
    "the dialog",
    async () => (await phone.driver.findElements({ css: ".mp-confirm" }))[0],
  );
  if (text !== undefined) {
    const field = await phone.driver.findElement({ css: ".mp-modal-field" });
    await field.clear();
    await field.sendKeys(text);
  }
  await button.click();
}
