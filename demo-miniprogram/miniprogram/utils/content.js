/** What a message shows, as data for the component `content`. */
const { t } = require("./i18n");
const { preview } = require("./text");

/** The longer side of a picture, and the shorter one of a very long picture, in rpx. */
const LONGEST = 360;
const SHORTEST = 120;
/** So many lines of a merged forward are shown on its card. */
const CARD_LINES = 3;

/** Width and height in rpx with the proportions of the picture; a square when they are not known. */
function fit(width, height) {
  if (!(width > 0 && height > 0)) return { width: LONGEST, height: LONGEST };
  const scale = LONGEST / Math.max(width, height);
  const side = (pixels) => Math.max(SHORTEST, Math.round(pixels * scale));
  return { width: side(width), height: side(height) };
}

/** `0:07`; empty for 0. Seconds in. */
function duration(seconds) {
  const whole = Math.round(seconds);
  if (!(whole > 0)) return "";
  const rest = whole % 60;
  return Math.floor(whole / 60) + ":" + (rest < 10 ? "0" : "") + rest;
}

/** `12 KB`; empty for 0. */
function fileSize(bytes) {
  if (!(bytes > 0)) return "";
  if (bytes < 1024) return bytes + " B";
  const kilobytes = bytes / 1024;
  return kilobytes < 1024 ? Math.ceil(kilobytes) + " KB" : (kilobytes / 1024).toFixed(1) + " MB";
}

/** The last part of an address, for a file without a name. */
function lastPart(url) {
  const path = url.split(/[?#]/)[0];
  return path.slice(path.lastIndexOf("/") + 1) || url;
}

const degrees = (value) => value.toFixed(4);

/** Who wrote a forwarded message: by its own word, else by what is known of the account. */
function forwardedName(message, nameOf) {
  return message.senderName || (message.from ? nameOf(message.from).name : t("common.somebody"));
}

/** By the type of the attachment: the parts of it that are shown. Addresses begin with http: the SDK sees to that. */
const VIEWS = {
  image: (it) => ({ picture: it.thumbnailUrl || it.url, ...fit(it.width, it.height) }),
  video: (it) => ({ picture: it.thumbnailUrl, detail: duration(it.duration), ...fit(it.width, it.height) }),
  audio: (it) => ({ title: duration(it.duration) || t("content.voice") }),
  file: (it) => ({ title: it.name || lastPart(it.url), detail: fileSize(it.size) }),
  location: (it) => ({
    title: it.address || t("content.location"),
    detail: degrees(it.latitude) + ", " + degrees(it.longitude),
  }),
  forward: (it, nameOf) => ({
    title: t("content.history"),
    lines: it.messages
      .slice(0, CARD_LINES)
      .map((one, key) => ({ key, text: forwardedName(one, nameOf) + ": " + preview(one) })),
    detail: t("content.messages", { n: it.messages.length }),
  }),
};

/**
 * `{ kind, text, ... }`. `kind` is `text` or the type of an attachment that can be shown. `nameOf(id)` answers `{ name }`
 * of an account.
 */
function describe(message, nameOf) {
  const attachment = message.attachment;
  const view = attachment === null ? undefined : VIEWS[attachment.type];
  if (view === undefined) return { kind: "text", text: message.text || preview(message) };
  // The text of a merged forward is for apps that cannot show it; other texts are captions.
  return {
    kind: attachment.type,
    text: attachment.type === "forward" ? "" : message.text,
    ...view(attachment, nameOf),
  };
}

module.exports = { describe, forwardedName, fit, duration, fileSize };
