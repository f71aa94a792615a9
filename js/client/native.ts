/** What belongs to phones and desktops: every feature is there, rejects with `Unsupported`, and says why. */
import { failure } from "../errors.js";
import type { Client, NativeFeature } from "./types.js";

const ENGINE = "this SDK has no engine for sound and pictures; signals of a call are messages (`rtc`)";
const PUSH = "what a phone's push service delivers reaches that phone's application only";
const SYSTEM = "it belongs to the system of a phone, and no browser or mini-program has a way to it";

const REASONS: { readonly [feature in NativeFeature]: string } = {
  call: ENGINE,
  joinRoom: ENGINE,
  manageRoom: ENGINE,
  groupCall: ENGINE,
  startPush: PUSH,
  sendPush: PUSH,
  pushMessages: PUSH,
  geofence: SYSTEM,
  runInBackground: SYSTEM,
  clearNotifications: SYSTEM,
};

/** See `Client.native`. */
export const NATIVE = Object.freeze(
  Object.fromEntries(
    Object.entries(REASONS).map(([feature, why]) => [
      feature,
      async () => {
        throw failure("Unsupported", "platform", `native.${feature} is not possible here: ${why}.`);
      },
    ]),
  ),
) as Client["native"];
