import "@fontsource-variable/schibsted-grotesk/wght.css";
import "@fontsource/ibm-plex-mono/latin-400.css";
import "./style/tokens.css";
import "./style/base.css";
import "./style/frames.css";
import "./style/controls.css";
import "./style/blocks.css";
import "./style/content.css";
import "./style/figures.css";
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode, useEffect } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { createBrowserRouter, matchRoutes, type RouteObject, RouterProvider } from "react-router";
import { createQueries } from "./api/create-queries.ts";
import { onTold } from "./api/other-windows.ts";
import { sessionQuery } from "./api/session-query.ts";
import { routes } from "./routes.tsx";
import { takeEarlyInput } from "./ui/early-input.ts";

/** The page that is open is loaded before React takes the document over: what the server drew stays until then. */
async function loadOpenPage(): Promise<void> {
  const matches = matchRoutes(routes, location.pathname) ?? [];
  await Promise.all(matches.map(({ route }) => resolvePage(route)));
}

async function resolvePage(route: RouteObject): Promise<void> {
  if (typeof route.lazy !== "function") return;
  const { Component } = await route.lazy();
  Object.assign(route, { Component, lazy: undefined });
}

/** Calls back once React has taken its children over. */
function TakenOver({ then, children }: { readonly then: () => void; readonly children: ReactNode }) {
  useEffect(then, [then]);
  return children;
}

async function start(): Promise<void> {
  const root = document.querySelector("#root");
  if (root === null) throw new Error("the document has no root");
  await loadOpenPage();
  const isDrawn = root.childElementCount > 0;
  const queries = createQueries();
  onTold(() => void queries.invalidateQueries({ queryKey: sessionQuery.queryKey }));
  // Who reads a page that the server drew is left where they are in it.
  const router = createBrowserRouter(routes, isDrawn ? { hydrationData: {} } : {});
  const app = (
    <StrictMode>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>
  );
  if (isDrawn) hydrateRoot(root, <TakenOver then={takeEarlyInput(root)}>{app}</TakenOver>);
  else createRoot(root).render(app);
}

void start();
