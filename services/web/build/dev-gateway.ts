import type { IncomingMessage } from "node:http";
import type { ServerOptions } from "vite";
import { publicPages } from "../src/domain/page-paths.ts";

const defaultGateway = "http://127.0.0.1:8080";
const defaultPort = 8088;

/** Vite's server in front of a running platform: what is not a page goes to its gateway, which sees the page's own host. */
export function gatewayOfDev(): ServerOptions {
  const target = process.env["TOPDOG_GATEWAY"] ?? defaultGateway;
  const port = Number(process.env["TOPDOG_WEB_PORT"] ?? defaultPort);
  const paths = ["/api", "/v1", "/docs", "/health"];
  const proxy = Object.fromEntries(paths.map((path) => [path, { target, changeOrigin: false, bypass: ownPage }]));
  return { host: "127.0.0.1", port, strictPort: true, proxy };
}

/** A page that stands among what is the gateway's, for who asks for a page: then it is Vite's. */
function ownPage({ url = "", headers }: IncomingMessage): string | undefined {
  const isPage = publicPages.some(({ path }) => path === url.split("?")[0]);
  return isPage && (headers.accept ?? "").includes("text/html") ? "/index.html" : undefined;
}
