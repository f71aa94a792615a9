// The storage of a page that ran floo-web 3.0.19: what its keys are called and how values are written.

/** Who and what is in it; ids as texts. */
export function profile({ appid, me, token, peer, group, first = "1500000000000000001" }) {
  const id = (n) => String(BigInt(first) + BigInt(n));
  const at = 1_700_000_000_000;
  const message = (n, from, to, content, more = {}) => ({
    id: id(n),
    from,
    to,
    content,
    type: "text",
    ext: "",
    status: 2,
    timestamp: String(at + n),
    toType: to === group ? "group" : "roster",
    isHistory: false,
    isNative: false,
    isPlayed: false,
    editTimestamp: "0",
    ...more,
  });
  const attach = { url: "https://files.example/1", dName: "plan.pdf", fLen: 10 };
  const roster = [
    message(1, peer, me, "an old one"),
    message(2, me, peer, "an answer", { ext: undefined }),
    message(3, peer, me, "", { type: "file", attach }),
    message(4, peer, me, "edited", { editTimestamp: String(at + 9) }),
    message(5, peer, me, "not read yet", { status: 0 }),
    { ...message(6, me, peer, "never accepted"), id: "1700000000006123" },
    { broken: true },
    message(7, peer, me, "of a kind that nobody knows", { type: "hologram" }),
  ];
  const team = [message(11, peer, group, "in the group", { config: { mentionAll: true } })];
  const part = (uid) => Number(BigInt(uid) % 31n);
  const values = {
    key_user_id: me,
    key_app_id: appid,
    [`${me}_key_user_token`]: token,
    [`${me}_key_user_token_app_id`]: appid,
    [`${me}_key_user_device_sn`]: 12,
    [`${me}_key_user_device_guid`]: `${me}_1073741824`,
    [`${me}_key_user_profile`]: { user_id: Number(me), username: "amber" },
    [`${me}_key_user_link_server`]: "https://lanyinglink.com",
    [`${me}_key_roster_lists`]: [Number(peer)],
    [`${me}_key_recent_store`]: [
      { type: "group", id: Number(group), content: "in the group", timestamp: String(at + 11), draft: "" },
      { type: "roster", id: Number(peer), content: "not read yet", timestamp: String(at + 5), draft: "half a th" },
    ],
    [`${me}_key_roster_message_store_${part(peer)}`]: { [peer]: roster, "not an id": [message(1, peer, me, "x")] },
    [`${me}_key_group_message_store_${part(group)}`]: { [group]: team },
    [`${me}_key_group_message_store`]: { [group]: [message(99, peer, group, "of the key without a number")] },
    undefined_key_user_link_server: "https://lanyinglink.com",
  };
  const sending = BigInt("1700000000006123");
  values[`${me}_key_roster_sending_message`] = [
    { id: { low: Number(BigInt.asIntN(32, sending)), high: Number(sending >> 32n), unsigned: true }, ns: 1 },
  ];
  const written = (value) => {
    if (typeof value === "string") return value;
    return JSON.stringify(Array.isArray(value) ? { data: value } : value);
  };
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, written(value)]));
}
