// `?dns=...&to=...` say where to log in and whom to write to; `window.outcome` is what came of it.
async function chat(makeClient) {
  const query = new URLSearchParams(location.search);
  const client = makeClient(query.get("dns"));
  const session = await client.login({ username: "amber", password: "amber-demo" });
  const sent = await client.conversation({ user: query.get("to") }).send({ text: query.get("text") });
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
