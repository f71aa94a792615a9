// Pictures, videos, sounds and places of `wx`, as plain layers over the simulated screen.
import { makeApi } from "./wx-call.js";

const isUrl = (value) => typeof value === "string" && /^https?:\/\//.test(value);
const isDegrees = (value, most) => typeof value === "number" && Math.abs(value) <= most;

/** A layer over everything that a click closes. */
function layer(screen, name, ...content) {
  const made = document.createElement("div");
  made.className = `mp-viewer mp-${name}`;
  made.append(...content);
  // The tap that opened it is followed by a click, which lands here already and closes nothing.
  made.addEventListener("pointerdown", () => made.addEventListener("click", () => made.remove()), { once: true });
  screen.append(made);
}

function medium({ type = "image", url, poster }) {
  const made = document.createElement(type === "video" ? "video" : "img");
  if (type === "video") Object.assign(made, { controls: true, poster: poster ?? "" });
  made.src = url;
  return made;
}

/** A sound as `wx.createInnerAudioContext` answers it; only what concerns playing from the beginning. */
function innerAudio({ device }) {
  const audio = new Audio();
  const on = (event, map = () => ({})) => {
    return (listener) => audio.addEventListener(event, () => device.deliver(() => listener(map())));
  };
  return {
    get src() {
      return audio.src;
    },
    set src(url) {
      audio.src = url;
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

export function createMedia(context, screen) {
  const api = (name, work) => makeApi(context, name, work);
  return {
    previewMedia: api("previewMedia", ({ sources, current = 0 }, ok, fail) => {
      if (!Array.isArray(sources) || sources.length === 0 || !sources.every(({ url }) => isUrl(url))) {
        fail("parameter error: sources should be a list of addresses");
        return;
      }
      layer(screen, "media", medium(sources[current] ?? sources[0]));
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
    createInnerAudioContext: () => innerAudio(context),
  };
}
