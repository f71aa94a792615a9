/** What the user can pick on the phone to be sent: by kind, the dialog of the platform and what comes of it. */

/** The platform's own limit for one message of several pictures. */
const MOST = 9;

const nameOf = (path) => path.slice(path.lastIndexOf("/") + 1);

/** The size in pixels of a picture of the phone; nothing of one that cannot be measured, which can be sent all the same. */
async function sizeOf(path) {
  try {
    const { width, height } = await wx.getImageInfo({ src: path });
    return { width: width, height: height };
  } catch (failure) {
    console.warn(failure.errMsg);
    return {};
  }
}

async function picture(file) {
  const fields = await sizeOf(file.tempFilePath);
  return { kind: "image", path: file.tempFilePath, name: nameOf(file.tempFilePath), size: file.size, fields: fields };
}

function video(file) {
  const fields = { width: file.width, height: file.height, duration: Math.round(file.duration) };
  return { kind: "video", path: file.tempFilePath, name: nameOf(file.tempFilePath), size: file.size, fields: fields };
}

/** Pictures and videos, from the album or the camera. */
async function media(source) {
  const chosen = await wx.chooseMedia({
    count: MOST,
    mediaType: ["image", "video"],
    sourceType: [source],
    sizeType: ["compressed"],
  });
  return Promise.all(chosen.tempFiles.map((file) => (file.fileType === "video" ? video(file) : picture(file))));
}

/** One picture for an avatar; resolves with its path. */
async function choosePicture() {
  const chosen = await wx.chooseMedia({
    count: 1,
    mediaType: ["image"],
    sourceType: ["album", "camera"],
    sizeType: ["compressed"],
  });
  return chosen.tempFiles[0].tempFilePath;
}

/** Files out of a chat of the user's: the only ones that the platform hands out. */
async function files() {
  const chosen = await wx.chooseMessageFile({ count: MOST, type: "all" });
  return chosen.tempFiles.map((file) => ({
    kind: "file",
    path: file.path,
    name: file.name,
    size: file.size,
    fields: {},
  }));
}

/** A recording of the talk button. */
function voice(recording) {
  const fields = { duration: Math.max(1, Math.round(recording.duration)) };
  return { kind: "audio", path: recording.path, name: nameOf(recording.path), size: recording.size, fields: fields };
}

/** A place as content of a message. */
async function place() {
  const chosen = await wx.chooseLocation({});
  const address = [chosen.name, chosen.address].filter(Boolean).join(" ");
  return { location: { latitude: Number(chosen.latitude), longitude: Number(chosen.longitude), address: address } };
}

module.exports = { media, choosePicture, files, voice, place };
