import uni from "@dcloudio/vite-plugin-uni";
import { defineConfig } from "vite";

// The package is CommonJS without saying so, so that its function may be one level down.
const plugin = typeof uni === "function" ? uni : uni.default;

export default defineConfig({ plugins: [plugin()] });
