import { onScopeDispose, type Ref, readonly, ref, watch } from "vue";

/** What is missing is shown within about so many frames, whether it is a word or a page. */
const FRAMES = 14;

/**
 * Follows a text. What is added to its end appears bit by bit, as if written now; any other change, and
 * all changes where nobody sees them or nothing should move, at once.
 */
export function useGrowing(text: () => string): Readonly<Ref<string>> {
  const shown = ref(text());
  let frame = 0;

  const still = () => document.hidden || matchMedia("(prefers-reduced-motion: reduce)").matches;

  function step(): void {
    frame = 0;
    const whole = text();
    if (still() || !whole.startsWith(shown.value)) {
      shown.value = whole;
      return;
    }
    let end = shown.value.length + Math.ceil((whole.length - shown.value.length) / FRAMES);
    // Not between the two halves of one character.
    if ((whole.charCodeAt(end) & 0xfc00) === 0xdc00) end += 1;
    shown.value = whole.slice(0, end);
    if (end < whole.length) frame = requestAnimationFrame(step);
  }

  watch(text, () => {
    if (frame === 0) step();
  });
  // Frames stop in a hidden page; nothing may be left behind half written.
  document.addEventListener("visibilitychange", catchUp);
  function catchUp(): void {
    cancelAnimationFrame(frame);
    step();
  }
  onScopeDispose(() => {
    cancelAnimationFrame(frame);
    document.removeEventListener("visibilitychange", catchUp);
  });
  return readonly(shown);
}

/** Whether the application says of a message that more of it is being written: `{"ai": {"stream": true, "finish": false}}`. */
export function isStreaming(ext: string): boolean {
  if (ext === "") return false;
  try {
    const said = (JSON.parse(ext) as { ai?: { stream?: unknown; finish?: unknown } } | null)?.ai;
    return said?.stream === true && said.finish === false;
  } catch {
    return false; // an application's own text, which need not be JSON
  }
}
