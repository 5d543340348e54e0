import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { gatewayOfDev } from "./build/dev-gateway.ts";

/** The build calls Vite by its API (build/build.ts); alone this serves `npm run dev`. */
export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ["@topdog/source", "module", "browser", "development|production"] },
  server: gatewayOfDev(),
});
