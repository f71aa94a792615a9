// The developer's page of the emulator: asks for the state every now and then, and is told of frames.
const $ = (id) => document.getElementById(id);
const LIST_LIMIT = 100;
const FRAMES_LIMIT = 300;
/** What may go wrong with frames and requests, as buttons. */
const PRESETS = [
  ["Lose acks", "drop_ack"],
  ["Lose frames to clients", { type: "drop", direction: "to_client" }],
  ["Lose frames from clients", { type: "drop", direction: "from_client" }],
  ["2 s late", { type: "delay", ms: 2000 }],
  ["Silence", "silent"],
  ["Close behind acks", "close_after_ack"],
  ["Cut frames off", "truncate"],
  ["Pages twice", "duplicate_page"],
  ["Pages in disorder", "reorder_page"],
  ["Poisoned metas", "poison_meta"],
  ["Compressed", "compress"],
  ["Refuse messages", { type: "status", code: "FAIL", reason: "refused on the admin page" }, { command: "send" }],
  ["HTTP 503", { type: "http", status: 503 }],
  ["HTTP 2 s late", { type: "http", ms: 2000 }],
];
let state = null;
const names = new Map([[0, "system"]]);

function make(tag, text, properties) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  return Object.assign(element, properties);
}
async function ask(path, body) {
  const options = body && {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  };
  const answer = await (await fetch(`/admin/api/${path}`, options)).json();
  if (answer.code !== 200) throw new Error(answer.message);
  return answer.data;
}
/** Runs what may fail and shows why it did. */
async function attempt(act) {
  try {
    await act();
    $("problem").textContent = "";
  } catch (error) {
    $("problem").textContent = error.message;
  }
}
function table(box, heads, rows, nothing) {
  const shown = rows.slice(0, LIST_LIMIT);
  if (shown.length === 0) return box.replaceChildren(make("p", nothing, { className: "none" }));
  const head = make("tr");
  head.append(...heads.map((text) => make("th", text)));
  const lines = shown.map((cells) => {
    const line = make("tr");
    line.append(...cells.map((text) => make("td", text)));
    return line;
  });
  const all = make("table");
  all.append(head, ...lines);
  box.replaceChildren(all);
  if (rows.length > shown.length)
    box.append(make("p", `and ${rows.length - shown.length} more`, { className: "none" }));
}
const clock = (ms) => new Date(ms).toLocaleTimeString();
const name = (id) => (id === null ? "" : (names.get(id) ?? String(id)));
/** A value as text, whatever the order of its keys. */
const canonical = (value) =>
  JSON.stringify(value, (_, inner) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort())
      : inner,
  );
const same = (a, b) => canonical(a) === canonical(b);
/** The rules that still act, but for one, as they would be given again. */
const alive = (but) =>
  state.faults.rules
    .filter((entry) => entry !== but && entry.left > 0)
    .map(({ rule, left }) => ({ ...rule, times: left }));
const setRules = (rules) =>
  attempt(async () => {
    await ask("faults", { seed: state.faults.seed, rules });
    await refresh();
  });
/** Whom a rule is for: what the list above the buttons says. */
function match(action, extra) {
  const user = $("fault-user").value;
  return user && action.type !== "http" ? { user, ...extra } : { ...extra };
}
/** The rule that a button stands for, if it acts. */
function presetRule([, action, extra]) {
  const wanted = match(action, extra);
  return state.faults.rules.find(
    ({ rule, left }) => left > 0 && same(rule.action, action) && same(rule.match ?? {}, wanted),
  );
}
function toggle(preset) {
  const rule = presetRule(preset);
  if (rule) return setRules(alive(rule));
  const [, action, extra] = preset;
  return setRules([...alive(), { match: match(action, extra), action, times: Number($("fault-times").value) }]);
}
let shownFaults;
function showFaults() {
  for (const [index, preset] of PRESETS.entries()) {
    $("presets").children[index].setAttribute("aria-pressed", String(presetRule(preset) !== undefined));
  }
  // Not under somebody's hands when nothing has changed.
  if (canonical(state.faults) === shownFaults) return;
  shownFaults = canonical(state.faults);
  const lines = state.faults.rules.map(({ rule, left, hits }, index) => {
    const line = make("li");
    const end = make("button", left > 0 ? "End" : "Forget", { type: "button" });
    end.onclick = () => setRules(alive(state.faults.rules[index]));
    line.append(make("code", JSON.stringify(rule)), make("span", `${hits} done, ${left} left`), end);
    return line;
  });
  $("rules").replaceChildren(...lines);
}
const CHOICES = {
  app_status: ["normal", "banned", "frozen", "revoked"],
  dns_format: ["v1", "v2"],
  upload_method: ["POST", "PUT"],
};
function showSwitches() {
  if ($("switches").contains(document.activeElement)) return; // not under somebody's hands
  const cells = Object.entries(state.app).flatMap(([key, value]) => {
    const label = make("label", key.replaceAll("_", " "), { htmlFor: `switch-${key}` });
    let field;
    let read;
    if (typeof value === "boolean") {
      field = make("input", undefined, { type: "checkbox", checked: value });
      read = () => field.checked;
    } else if (CHOICES[key]) {
      field = make("select");
      field.append(...CHOICES[key].map((text) => make("option", text, { selected: text === value })));
      read = () => field.value;
    } else if (typeof value === "number") {
      field = make("input", undefined, { type: "number", min: 0, value });
      read = () => Number(field.value);
    } else if (Array.isArray(value)) {
      field = make("input", undefined, { value: value.join(", "), placeholder: "none" });
      read = () =>
        field.value
          .split(",")
          .map((text) => text.trim())
          .filter(Boolean);
    } else {
      field = make("input", undefined, { value: JSON.stringify(value) });
      read = () => JSON.parse(field.value);
    }
    field.id = `switch-${key}`;
    field.onchange = () =>
      attempt(async () => {
        field.blur();
        try {
          await ask("app", { [key]: read() });
        } finally {
          await refresh();
        }
      });
    return [label, field];
  });
  $("switches").replaceChildren(...cells);
}
function showPeople() {
  const { users, groups, sockets, counts } = state;
  for (const { id, username } of users) names.set(id, username);
  for (const { id, name } of groups) names.set(id, name);
  $("users-count").textContent = users.length;
  $("groups-count").textContent = groups.length;
  $("sockets-count").textContent = sockets.length;
  const offset = state.clock.offset_ms;
  $("summary").textContent =
    `${counts.metas} metas, ${counts.devices} devices, ${counts.files} files; delivery: ${state.delivery}; clock: ` +
    (offset === 0 ? "real" : `${offset > 0 ? "+" : ""}${offset / 1000} s`);
  table(
    $("sockets"),
    ["no.", "user", "device", "kind", "since"],
    sockets.map((s) =>
      s.user === null
        ? [s.id, "(not logged in)", "", "", ""]
        : [s.id, name(s.user), s.device_sn, s.device_info, clock(s.since)],
    ),
    "Nobody is connected.",
  );
  table(
    $("users"),
    ["name", "nickname", "id", "sockets"],
    users.map((u) => [u.username, u.nick_name, u.id, u.sockets]),
    "No users.",
  );
  table(
    $("groups"),
    ["name", "id"],
    groups.map((g) => [g.name, g.id]),
    "No groups.",
  );
  const chosen = $("fault-user").value;
  const wanted = ["", ...users.slice(0, LIST_LIMIT).map((u) => u.username)];
  if (
    !same(
      [...$("fault-user").options].map((o) => o.value),
      wanted,
    )
  ) {
    $("fault-user").replaceChildren(
      ...wanted.map((u) => make("option", u || "everybody", { value: u, selected: u === chosen })),
    );
  }
}
async function refresh() {
  state = await ask("state");
  showPeople();
  showFaults();
  showSwitches();
}

let total = 0;
let paused = false;
function showFrame({ data }) {
  const frame = JSON.parse(data);
  total += 1;
  $("frames-count").textContent = total;
  if (paused) return;
  const line = make("tr");
  const fate = frame.messages === 0 ? "lost" : frame.messages > 1 ? `${frame.messages} times` : "";
  if (frame.messages === 0) line.className = "lost";
  for (const text of [
    clock(frame.at),
    frame.down ? "to client" : "from client",
    name(frame.user),
    frame.kind,
    name(frame.conversation),
  ]) {
    line.append(make("td", text));
  }
  line.append(make("td", frame.bytes, { className: "number" }), make("td", fate));
  $("frames").prepend(line);
  while ($("frames").rows.length > FRAMES_LIMIT) $("frames").lastChild.remove();
}

for (const preset of PRESETS)
  $("presets").append(make("button", preset[0], { type: "button", onclick: () => toggle(preset) }));
$("fault-user").onchange = showFaults;
for (const button of document.querySelectorAll("[data-at-once]")) {
  const type = button.dataset.atOnce;
  const rule = type === "restart" ? { action: { type, ms: 5000 } } : { action: type };
  button.onclick = () => setRules([...alive(), { match: type === "restart" ? {} : match(type), ...rule }]);
}
document.querySelector("details").ontoggle = () => {
  $("rules-json").value = JSON.stringify({ seed: state.faults.seed, rules: alive() }, null, 1);
};
$("rules-apply").onclick = () =>
  attempt(async () => {
    await ask("faults", JSON.parse($("rules-json").value));
    await refresh();
  });
$("pause").onclick = () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
};
$("clear").onclick = () => $("frames").replaceChildren();

attempt(async () => {
  await refresh();
  // With the names at hand. The browser comes back by itself, with the number it saw last.
  new EventSource("/admin/api/frames").onmessage = showFrame;
});
setInterval(() => document.hidden || attempt(refresh), 1500);
