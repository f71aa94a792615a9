// The endpoints as `services/table.rs` has them, and which cases each of them needs.
import fs from "node:fs";
import { at } from "../../scripts/build/common.mjs";

const text = fs.readFileSync(at("src/core/services/table.rs"), "utf8");
const [, rows] = /const TABLE: &str = "\\\n([^"]+)";/.exec(text);

function readParam(given, get) {
  const [, query, name, kind, optional] = /^(@?)(\w+|\[\]):([a-z]+)(\??)$/.exec(given);
  return { name, kind, required: optional === "", inQuery: get || query === "@" };
}

/** `{name, method, access, answer, path, params: [{name, kind, required, inQuery}]}` of every endpoint. */
export const ENDPOINTS = rows.split("\n").map((row) => {
  const [name, method, access, answer, path, ...rest] = row.split(" ");
  const params = rest.filter((word) => !word.startsWith("!"));
  return {
    name,
    method: method.replace("+", ""),
    access,
    answer,
    path,
    params: params.map((p) => readParam(p, method.startsWith("GET"))),
  };
});

/** An endpoint that the SDK does not call: it throws `Unsupported`. */
export const isRefusedHere = ({ access }) => access === "host" || access === "never";

/** Parameters behind which others decide who may: somebody's group, a contact, a secret. */
const GATES = new Set([
  ...["group_id", "group_list", "user_id", "roster_id", "to_id", "file_sign"],
  ...["password", "old_password", "sign"],
]);

/** Parameters that name something that has to be there, besides all ids. */
const NAMES = new Set([
  ...["app_id", "link", "name", "login_name", "code", "captcha", "image_id", "sign", "file_sign"],
  ...["qr_code", "qr_info", "qrcode_id", "device_sn", "deviceSn"],
]);
const IDS = new Set(["id", "ids", "wishes"]);

/** Names that a user gives to something are not names of something. */
const isGiven = ({ name }, endpoint) => name === "name" && endpoint.access === "user";

export const CASES = ["happy", "refused", "parameter", "unknown", "unauthenticated"];

/** Whether an endpoint needs a row's `refused`. */
export const isGated = (endpoint) => endpoint.params.some(({ name }) => GATES.has(name));

/** The parameters for which a row's `unknown` has to say what becomes of one that leads nowhere. */
export const leading = (endpoint) =>
  endpoint.params
    .filter((param) => param.required && (IDS.has(param.kind) || NAMES.has(param.name)) && !isGiven(param, endpoint))
    .map(({ name }) => name);

/** Nobody has this id. */
export const NOBODY = "4611686018427387888";

const NOWHERE = { id: NOBODY, ids: [NOBODY], wishes: [{ user_id: NOBODY }], text: "nowhere", int: 99, small: 99 };
/** A value for a parameter that leads nowhere. */
export const nowhere = ({ kind }) => NOWHERE[kind];

const GOOD = {
  ...{ id: 1, ids: [1], int: 1, small: 1, hour: 1, flag: true, text: "x", key: "", json: 1 },
  ...{ base: "http://127.0.0.1", wishes: [{ user_id: 1 }] },
};
/** Something of the right kind for every parameter that is required. */
export const filled = ({ params }) =>
  Object.fromEntries(params.filter(({ required }) => required).map(({ name, kind }) => [name, GOOD[kind]]));

/** What is not of the kind of a parameter. */
export const WRONG = {
  id: [0, -1, "x", 1.5, true],
  ids: [5, "5", [0], ["x"], [null]],
  int: ["x", 1.5, [], "9223372036854775808"],
  small: ["x", 1.5, 2 ** 31],
  hour: [-1, 24, "x"],
  flag: ["true", 1],
  text: [5, [], {}],
  key: [5],
  json: [],
  base: ["ftp://x", "http://", 5],
  wishes: [5, [{ alias: "x" }], [{ user_id: 0 }], [{ user_id: 1, odd: 1 }], [{ user_id: 1, reason: 5 }]],
};
