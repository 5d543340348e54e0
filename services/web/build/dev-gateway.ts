import type { ServerOptions } from "vite";

const defaultGateway = "http://127.0.0.1:8080";
const defaultPort = 8088;

/** Vite's server in front of a running platform: what is not a page goes to its gateway, which sees the page's own host. */
export function gatewayOfDev(): ServerOptions {
  const target = process.env["TOPDOG_GATEWAY"] ?? defaultGateway;
  const port = Number(process.env["TOPDOG_WEB_PORT"] ?? defaultPort);
  const paths = ["/api", "/v1", "/docs", "/health"];
  const proxy = Object.fromEntries(paths.map((path) => [path, { target, changeOrigin: false }]));
  return { host: "127.0.0.1", port, strictPort: true, proxy };
}
