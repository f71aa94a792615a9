/** Answers and refusals of the HTTP API as the former SDK gave them. */
import { asFlooError, type FlooError } from "../errors.js";
import { legacyId } from "./convert.js";

/** Fields that hold ids: numbers in the former SDK, decimal text in ours. Others that end so are texts. */
const IDS =
  "id uid user_id group_id owner_id owner author uploader inviter_id invitee_id applicant_id announcement_id file_id new_owner success".split(
    " ",
  );

const DIGITS = /^[1-9]\d*$/;

/** A value with the ids as numbers, where numbers can hold them. */
export function legacyShape(value: unknown, id = Array.isArray(value)): unknown {
  if (typeof value === "string") return id && DIGITS.test(value) ? legacyId(value) : value;
  if (Array.isArray(value)) return value.map((item) => legacyShape(item, id));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name, legacyShape(field, IDS.includes(name) || name === "items")]),
  );
}

/** What functions over the HTTP API reject with when the cloud refuses: its own number and words. */
export interface Refusal {
  /** The name of the endpoint. */
  url: string;
  code: number;
  message: string;
  /** The error as the modern client has it. */
  error: FlooError;
}

/** The cloud's refusal as `{url, code, message}`, anything else as it is. */
export function refusal(endpoint: string, thrown: unknown): Refusal | FlooError {
  const error = asFlooError(thrown, "GeneralError", endpoint);
  const [, code, message] = (error.domain === "http" && /\(code (\d+)(?:: ([\s\S]*))?\)$/.exec(error.message)) || [];
  return code === undefined ? error : { url: endpoint, code: Number(code), message: message ?? "", error };
}
