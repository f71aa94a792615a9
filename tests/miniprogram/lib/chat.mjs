// What a person does with the mini-program demo, step by step.

/** Fills in the sign-in form and submits it. */
export async function submit(phone, { dns, username, password }) {
  await phone.one("signin-submit");
  await phone.type("signin-dns", dns);
  await phone.type("signin-user", username);
  await phone.type("signin-password", password);
  await phone.tap("signin-submit");
}

/** Opens the demo and signs in; returns when the conversation list is there. */
export async function signIn(phone, dns, username, profile) {
  await phone.open({ profile });
  await submit(phone, { dns, username, password: `${username}-demo` });
  await online(phone);
}

/** Waits until the list says that the client is online. */
export const online = (phone) => phone.waitText("connection", "online");

/** The row of the list whose name begins like this: `{ id, name, note, unread, ... }`, or null. */
export async function row(phone, name) {
  const { rows, others } = await phone.run(
    "const d = __mp.pages.stack[0].page.data; return { rows: d.rows, others: d.others }",
  );
  const named = (one) => one.name.toLowerCase().startsWith(name.toLowerCase());
  const found = rows.find(named);
  if (found) return { ...found, kind: "conversation" };
  const other = others.find(named);
  return other ? { ...other, kind: "contact" } : null;
}

/** Opens the chat with somebody from the list. */
export async function openChat(phone, name) {
  const found = await phone.until(`${name} in the list`, () => row(phone, name));
  await phone.tapRow(found.kind, found.id);
  await phone.one("composer");
  return found.id;
}

/** Writes a text and sends it with the button. */
export async function send(phone, text) {
  await phone.type("composer", text);
  await phone.tap("send");
}

/** The shown messages, oldest first: `{ text, status, mark, outgoing, body, edited }`; `text` is "" when there is none. */
export const messages = (phone) =>
  phone.run(`
    const page = [...document.querySelectorAll(".mp-page")].at(-1);
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
    return index >= 0 && (await phone.all("bubble"))[index];
  });
  for (const label of labels) await phone.choose(label);
}

/** Waits until a message with that text, and that status if given, is shown. */
export const shown = (phone, text, status) =>
  phone.until(`the message "${text}" ${status ?? ""}`, async () =>
    (await messages(phone)).find((m) => m.text === text && (status === undefined || m.status === status)),
  );

/** Goes back to the list. */
export async function back(phone) {
  await phone.driver.findElement({ css: ".mp-back" }).click();
  await phone.one("conversation-list");
}
