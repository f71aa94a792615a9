/** What a tap on an attachment does, by its type. */
const handover = require("./handover");
const player = require("./player");
const { copy } = require("./ui");

const preview = (type) => (it) => wx.previewMedia({ sources: [{ url: it.url, type: type }] });

const OPENERS = {
  image: preview("image"),
  video: preview("video"),
  audio: (it) => player.play(it.url),
  // The phone opens few kinds of files, and only from registered domains: a browser takes every link.
  file: (it) => copy(it.url),
  location: (it) => wx.openLocation({ latitude: it.latitude, longitude: it.longitude, address: it.address }),
  forward: (it) => {
    handover.give(it.messages);
    return wx.navigateTo({ url: "/pages/forwarded/forwarded" });
  },
};

/** Opens the attachment of a message; without one nothing happens. Rejects when the phone refuses. */
async function open(message) {
  const opener = message.attachment === null ? undefined : OPENERS[message.attachment.type];
  if (opener !== undefined) await opener(message.attachment);
}

module.exports = { open };
