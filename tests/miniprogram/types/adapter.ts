// The adapter's view of `wx` against WeChat's own declarations: what it asks for is there, in that form.

import type { WxPlatform } from "../../../js/platform/wechat.js";
import type { PluginHost } from "../../../js/platform/wechat-plugin.js";

// WeChat declares that `off` takes a listener other than the one that `on` has taken.
export const platform: Omit<WxPlatform, "offNetworkStatusChange"> = wx;
export const host: PluginHost = wx;
