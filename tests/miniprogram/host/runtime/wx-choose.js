// What the user picks in the phone's own dialogs: pictures, videos, files and places. Here a dialog asks for real files
// of the computer, and for the name and coordinates of a place.
import { makeApi } from "./wx-call.js";

const MOST = 20;

function element(tag, className, fields = {}) {
  return Object.assign(document.createElement(tag), { className, ...fields });
}

/** Shows a dialog with `content` and two buttons; `done` is called for "OK", `cancel` for the other. */
function dialog(screen, name, content, done, cancel) {
  const veil = element("div", "mp-veil");
  const box = element("div", `mp-modal mp-picker mp-${name}`);
  box.setAttribute("role", "dialog");
  const buttons = element("div", "mp-modal-buttons");
  for (const [className, text, act] of [
    ["mp-cancel", "取消", cancel],
    ["mp-confirm", "确定", done],
  ]) {
    const button = element("div", className, { textContent: text });
    button.setAttribute("role", "button");
    button.addEventListener("click", () => {
      veil.remove();
      act();
    });
    buttons.append(button);
  }
  box.append(...content, buttons);
  veil.append(box);
  screen.append(veil);
}

/** The duration in seconds and the size in pixels of a video; zeros for what the browser cannot read. */
function videoOf(url) {
  return new Promise((resolve) => {
    const video = element("video", "", { preload: "metadata", src: url });
    video.onloadedmetadata = () =>
      resolve({ duration: video.duration, width: video.videoWidth, height: video.videoHeight });
    video.onerror = () => resolve({ duration: 0, width: 0, height: 0 });
  });
}

/** Asks for files; `read(file, path)` answers what the app gets to know of each. */
function chooseFiles({ screen, files }, name, { accept, count }, read, ok, fail) {
  const input = element("input", "mp-picker-files", { type: "file", accept, multiple: count > 1 });
  const done = async () => {
    const chosen = [...input.files].slice(0, count);
    if (chosen.length === 0) return fail("cancel");
    const tempFiles = [];
    for (const file of chosen) tempFiles.push(await read(file, files.keep(await file.arrayBuffer(), file.name)));
    ok(tempFiles);
  };
  dialog(screen, name, [input], done, () => fail("cancel"));
}

const typeOf = (file) => (file.type.startsWith("video/") ? "video" : file.type.startsWith("image/") ? "image" : "file");

export function createChoosers(context, { screen, files, privateInfos }) {
  const api = (name, work) => makeApi(context, name, work);
  const place = { screen, files };
  /** Lists of objects have to be of the app's realm, like everything else that it gets. */
  const listOf = (items) => context.real.Array.from(items, (item) => Object.assign(new context.real.Object(), item));
  return {
    chooseMedia: api("chooseMedia", ({ count = 9, mediaType = ["image", "video"] }, ok, fail) => {
      if (!(count >= 1 && count <= MOST)) return fail("parameter error: count should be 1 to 20");
      const accept = mediaType.map((type) => `${type}/*`).join(",");
      const read = async (file, tempFilePath) => {
        const fileType = typeOf(file) === "video" ? "video" : "image";
        const known = { tempFilePath, size: file.size, fileType };
        if (fileType === "image") return known;
        return { ...known, ...(await videoOf(files.urlOf(tempFilePath))), thumbTempFilePath: "" };
      };
      const done = (tempFiles) => {
        const types = new Set(tempFiles.map(({ fileType }) => fileType));
        ok({ tempFiles: listOf(tempFiles), type: types.size === 2 ? "mix" : [...types][0] });
      };
      chooseFiles(place, "media", { accept, count }, read, done, fail);
    }),
    chooseMessageFile: api("chooseMessageFile", ({ count, type = "all" }, ok, fail) => {
      if (!(count >= 0 && count <= 100)) return fail("parameter error: count should be 0 to 100");
      if (!["all", "video", "image", "file"].includes(type)) return fail(`parameter error: type ${type}`);
      const read = async (file, path) => ({
        path,
        name: file.name,
        size: file.size,
        type: typeOf(file),
        time: Math.floor(file.lastModified / 1000),
      });
      chooseFiles(place, "files", { accept: "", count }, read, (all) => ok({ tempFiles: listOf(all) }), fail);
    }),
    chooseLocation: api("chooseLocation", (_, ok, fail) => {
      if (!privateInfos.includes("chooseLocation")) {
        return fail("the api need to be declared in the requiredPrivateInfos field in app.json/ext.json");
      }
      const inputs = [
        ["name", "天安门广场"],
        ["address", "北京市东城区东长安街"],
        ["latitude", "39.908775"],
        ["longitude", "116.397553"],
      ].map(([name, value]) => element("input", `mp-modal-field mp-place-${name}`, { name, value }));
      const done = () => {
        const [name, address, latitude, longitude] = inputs.map((input) => input.value);
        ok({ name, address, latitude: Number(latitude), longitude: Number(longitude) });
      };
      dialog(screen, "place", inputs, done, () => fail("cancel"));
    }),
  };
}
