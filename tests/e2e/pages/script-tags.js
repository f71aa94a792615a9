// The page is ready when both globals are there.
window.ready = typeof window.floo === "object" && typeof window.flooIM === "function";
