/** A layer over everything of the simulated screen that a click closes. */
export function layer(screen, name, ...content) {
  const made = document.createElement("div");
  made.className = `mp-viewer mp-${name}`;
  made.append(...content);
  // The tap that opened it is followed by a click, which lands here already and closes nothing.
  made.addEventListener("pointerdown", () => made.addEventListener("click", () => made.remove()), { once: true });
  screen.append(made);
}
