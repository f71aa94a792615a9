/** `wx` inside a plugin, completed with what WeChat gives only to the mini-program. */
import type { WxPlatform } from "./wechat.js";

/** The functions of `wx` that plugins do not have. */
export const LACKING = ["getRandomValues", "onAppShow", "offAppShow", "onAppHide", "offAppHide"] as const;

/** Random bytes and the life of the app, for a plugin from its mini-program. */
export type PluginHost = Pick<WxPlatform, (typeof LACKING)[number]>;

declare const wx: WxPlatform | undefined;

/**
 * The platform of a plugin: network, files and storage are its own (domains and space of the plugin, not of the
 * mini-program), the rest is `host`'s. Undefined where there is no `wx`.
 */
export function pluginPlatform(host: PluginHost): WxPlatform | undefined {
  if (typeof wx === "undefined") return undefined;
  const descriptors: PropertyDescriptorMap = {};
  for (const name of LACKING) descriptors[name] = { value: host[name].bind(host), enumerable: true };
  // Laid over it: functions of `wx` may be accessors, of which a copy would have the values of now.
  return Object.create(wx, descriptors) as WxPlatform;
}
