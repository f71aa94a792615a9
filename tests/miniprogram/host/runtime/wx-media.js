// Pictures, videos, sounds and places of `wx`, as plain layers over the simulated screen.
import { layer } from "./layer.js";
import { makeApi } from "./wx-call.js";

const isUrl = (value) => typeof value === "string" && /^(https?|wxfile):\/\//.test(value);
const isDegrees = (value, most) => typeof value === "number" && Math.abs(value) <= most;

function medium({ type = "image", url, poster }, files) {
  const made = document.createElement(type === "video" ? "video" : "img");
  if (type === "video") Object.assign(made, { controls: true, poster: poster ?? "" });
  made.src = files.urlOf(url);
  return made;
}

/** A sound as `wx.createInnerAudioContext` answers it; only what concerns playing from the beginning. */
function innerAudio({ device }, files) {
  const audio = new Audio();
  const on = (event, map = () => ({})) => {
    return (listener) => audio.addEventListener(event, () => device.deliver(() => listener(map())));
  };
  return {
    get src() {
      return audio.src;
    },
    set src(url) {
      audio.src = files.urlOf(url);
    },
    get paused() {
      return audio.paused;
    },
    // What goes wrong comes as the event "error".
    play: () => audio.play().catch((error) => device.log("log", `audio: ${error.message}`)),
    pause: () => audio.pause(),
    stop: () => {
      audio.pause();
      audio.currentTime = 0;
    },
    destroy: () => {
      audio.pause();
      audio.removeAttribute("src");
    },
    onPlay: on("playing"),
    onEnded: on("ended"),
    onError: on("error", () => ({ errCode: 10001, errMsg: "system error" })),
  };
}

/** The size of a picture in pixels. */
async function sizeOf(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  return { width: image.naturalWidth, height: image.naturalHeight };
}

export function createMedia(context, screen, files) {
  const api = (name, work) => makeApi(context, name, work);
  return {
    previewMedia: api("previewMedia", ({ sources, current = 0 }, ok, fail) => {
      if (!Array.isArray(sources) || sources.length === 0 || !sources.every(({ url }) => isUrl(url))) {
        fail("parameter error: sources should be a list of addresses");
        return;
      }
      layer(screen, "media", medium(sources[current] ?? sources[0], files));
      ok({});
    }),
    openLocation: api("openLocation", ({ latitude, longitude, name = "", address = "" }, ok, fail) => {
      if (!isDegrees(latitude, 90) || !isDegrees(longitude, 180)) {
        fail("parameter error: latitude and longitude should be numbers");
        return;
      }
      layer(screen, "map", [name, address, `${latitude}, ${longitude}`].filter(Boolean).join("\n"));
      ok({});
    }),
    setInnerAudioOption: api("setInnerAudioOption", (_, ok) => ok({})),
    createInnerAudioContext: () => innerAudio(context, files),
    getImageInfo: api("getImageInfo", ({ src }, ok, fail) => {
      if (files.get(src) === undefined) return fail(`file doesn't exist: ${src}`);
      const done = (size) => ok({ ...size, path: src, orientation: "up", type: "png" });
      sizeOf(files.urlOf(src)).then(done, (error) => fail(error.message));
    }),
  };
}
