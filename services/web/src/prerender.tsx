import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { createStaticHandler, createStaticRouter, StaticRouterProvider } from "react-router";
import { createQueries } from "./api/create-queries.ts";
import { publicPages } from "./domain/page-paths.ts";
import { routes } from "./routes.tsx";

const anyOrigin = "http://site.invalid";

/** What a public page looks like before anything is known of who reads it. Empty for all others: the browser draws those. */
export async function renderPage(path: string): Promise<string> {
  if (!publicPages.some((page) => page.path === path)) return "";
  const handler = createStaticHandler(routes);
  const context = await handler.query(new Request(`${anyOrigin}${path}`));
  if (context instanceof Response) throw new Error(`${path} redirects`);
  const router = createStaticRouter(handler.dataRoutes, context);
  return renderToString(
    <StrictMode>
      <QueryClientProvider client={createQueries()}>
        <StaticRouterProvider router={router} context={context} hydrate={false} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
