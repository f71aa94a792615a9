import type { SendContent } from "floo-wasm";

/** What can be said of a file before it is sent. */
export type Kind = "image" | "video" | "audio" | "file";

export function kindOf(file: File): Kind {
  const [kind = ""] = file.type.split("/");
  return kind === "image" || kind === "video" || kind === "audio" ? kind : "file";
}

/** Size and length, as far as this browser can tell; a file that it cannot show is sent without. */
async function measure(file: File, kind: Kind): Promise<{ width?: number; height?: number; duration?: number }> {
  if (kind === "file") return {};
  const address = URL.createObjectURL(file);
  try {
    if (kind === "image") {
      const picture = new Image();
      picture.src = address;
      await picture.decode();
      return { width: picture.naturalWidth, height: picture.naturalHeight };
    }
    const media = document.createElement(kind);
    media.preload = "metadata";
    await new Promise((resolve, reject) => {
      media.onloadedmetadata = resolve;
      media.onerror = reject;
      media.src = address;
    });
    const duration = Number.isFinite(media.duration) ? { duration: Math.round(media.duration) } : {};
    return media instanceof HTMLVideoElement
      ? { ...duration, width: media.videoWidth, height: media.videoHeight }
      : duration;
  } catch {
    return {}; // of a kind that the browser does not know
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** The message for a file that is at `url`. */
export async function contentOf(file: File, url: string): Promise<SendContent> {
  const kind = kindOf(file);
  const about = { url, name: file.name, size: file.size, ...(await measure(file, kind)) };
  return { [kind]: about } as unknown as SendContent;
}
