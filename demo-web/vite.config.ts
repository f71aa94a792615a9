import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/**
 * What the built page may do: run its own scripts and WebAssembly, and talk to whichever server the
 * user typed in. Only in the build: the development server injects inline styles.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src blob:",
  "connect-src http: https: ws: wss:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function contentSecurityPolicy(): Plugin {
  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: policy },
        injectTo: "head-prepend",
      },
    ],
  };
}

export default defineConfig({
  root: here("."),
  // Relative addresses, so that the built folder can be served from any path.
  base: "./",
  plugins: [vue(), contentSecurityPolicy()],
  server: { fs: { allow: [here("..")] } },
  build: {
    outDir: here("../dist/demo-web"),
    emptyOutDir: true,
    target: ["chrome86", "firefox91", "safari15"],
    // The package carries its WebAssembly inside the script, which is one large chunk on purpose.
    chunkSizeWarningLimit: 1024,
    // Every engine listed above loads module scripts ahead by itself or does well without.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
});
