/** What a tap on an attachment does, by its type. */
const handover = require("./handover");
const { openPage } = require("./navigate");
const { local } = require("./pictures");
const player = require("./player");
const { copy } = require("./ui");

/** What the phone can show of files, by the end of the name. */
const DOCUMENTS = ["doc", "docx", "xls", "xlsx", "ppt", "pptx", "pdf"];

const preview = (type) => async (it) => wx.previewMedia({ sources: [{ url: await local(it.url, false), type: type }] });

async function openFile(it) {
  const type = it.name.slice(it.name.lastIndexOf(".") + 1).toLowerCase();
  const path = DOCUMENTS.includes(type) ? await local(it.url, false) : it.url;
  // A file that is not on the phone, or of another kind, is for a browser.
  return path === it.url ? copy(it.url) : wx.openDocument({ filePath: path, fileType: type, showMenu: true });
}

const OPENERS = {
  image: preview("image"),
  video: preview("video"),
  audio: async (it) => player.play(await local(it.url, false)),
  file: openFile,
  location: (it) => wx.openLocation({ latitude: it.latitude, longitude: it.longitude, address: it.address }),
  forward: (it) => {
    handover.give(it.messages);
    return openPage("/pages/forwarded/forwarded");
  },
};

/** Opens the attachment of a message; without one nothing happens. Rejects when the phone refuses. */
async function open(message) {
  const opener = message.attachment === null ? undefined : OPENERS[message.attachment.type];
  if (opener !== undefined) await opener(message.attachment);
}

module.exports = { open };
