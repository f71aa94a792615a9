// `?dns=...&to=...` say where to log in and whom to write to; `window.outcome` is what came of it.
async function chat(makeClient) {
  const query = new URLSearchParams(location.search);
  const client = makeClient(query.get("dns"));
  const to = query.get("to");
  const text = query.get("text");
  // A first login also brings what was said before.
  const answered = new Promise((resolve) => {
    client.on("message", ({ message }) => {
      if (message.from === to && message.text.includes(text)) resolve(message.text);
    });
  });
  const session = await client.login({ username: "amber", password: "amber-demo" });
  const sent = await client.conversation({ user: to }).send({ text });
  await answered;
  return { userId: session.userId, status: sent.status, text: sent.text, storage: client.storage };
}

export function start(makeClient) {
  chat(makeClient).then(
    (outcome) => {
      window.outcome = outcome;
    },
    (error) => {
      window.outcome = { error: String(error) };
    },
  );
}
