/** The layers of a service (ARCHITECTURE.md, "Layout"), run as a check. */
const service = "^services/[^/]+/src";
/** What is called from outside: by requests, questions, events, broadcasts and the clock. */
const edges = "routes|responders|consumers|broadcasts|jobs";
const rule = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    rule("no-cycles", "A cycle means that two things are one.", {}, { circular: true }),
    rule("no-orphan-resolution", "Every import must resolve.", {}, { couldNotResolve: true }),
    rule("libs-never-import-services", "Libs are below services.", { path: "^libs/" }, { path: "^services/" }),
    rule(
      "no-service-imports-another",
      "Services meet on the bus and over HTTP only.",
      { path: "^services/([^/]+)/" },
      { path: "^services/([^/]+)/", pathNot: "^services/$1/" },
    ),
    rule(
      "only-proofs-drive-services",
      "What drives the real code of several services stands in proofs/; scripts read their routes, e2e starts their processes.",
      { path: "^(?:bench|e2e)/" },
      { path: "^services/[^/]+/src/(?:domain|usecases|store|clients|consumers)/" },
    ),
    rule("proofs-are-above-all", "Nothing rests on a proof.", { pathNot: "^proofs/" }, { path: "^proofs/" }),
    rule(
      "contracts-is-a-leaf",
      "contracts holds schemas and plain data: zod only.",
      { path: "^libs/contracts/src", pathNot: "\\.test\\.ts$" },
      { pathNot: "^libs/contracts/|node_modules/zod|^node:|^(crypto|buffer|zlib)$" },
    ),
    rule(
      "dialects-are-pure",
      "a dialect reads and writes bytes: no I/O, no clock, no logger.",
      { path: "^libs/dialects/src" },
      { pathNot: "^libs/(dialects|contracts|errors)/|^(node:)?buffer$" },
    ),
    rule(
      "dialects-do-not-meet",
      "a dialect is its own folder: what several share stands beside the folders.",
      { path: "^libs/dialects/src/([^/]+)/" },
      { path: "^libs/dialects/src/[^/]+/", pathNot: "^libs/dialects/src/$1/" },
    ),
    rule(
      "wire-formats-stay-in-dialects",
      "services know the Dialect type and the list, never one dialect's own files.",
      { path: "^services/" },
      { path: "^libs/dialects/src/[^/]+/" },
    ),
    rule(
      "domain-is-pure",
      "domain decides: no I/O, no clock, no logger.",
      { path: `${service}/domain/`, pathNot: "\\.test\\.ts$" },
      { pathNot: `${service}/domain/|^libs/(contracts|errors|dialects)/|^services/web/src/api/schema\\.d\\.ts$` },
    ),
    rule(
      "usecases-know-no-edge",
      "usecases are called by the edges, never the other way round.",
      { path: `${service}/usecases/`, pathNot: "\\.test\\.ts$" },
      { path: `${service}/(${edges}|app|main|config|commands)` },
    ),
    rule(
      "adapters-know-no-usecase",
      "store and clients serve the use cases.",
      { path: `${service}/(store|clients)/`, pathNot: "\\.test\\.ts$" },
      { path: `${service}/(${edges}|usecases|app|main|config|commands)` },
    ),
    rule(
      "edges-know-no-adapter-internals",
      "edges are thin: they call use cases.",
      { path: `${service}/(${edges})/`, pathNot: "\\.test\\.ts$" },
      { path: `${service}/(app|main|config|commands)` },
    ),
    rule(
      "pages-do-not-meet",
      "a page is its own folder: what several share stands in ui, api or domain.",
      { path: "^services/web/src/pages/([^/]+)/" },
      { path: "^services/web/src/pages/", pathNot: "^services/web/src/pages/$1/" },
    ),
    rule(
      "the-browser-gets-no-server-code",
      "what the web app knows of the platform is generated from its documents.",
      { path: "^services/web/src/" },
      { path: "^libs/|^services/(?!web/)" },
    ),
    rule(
      "sources-never-import-tests",
      "Shipped code must not reach test code.",
      { path: "/src/", pathNot: "\\.test\\.ts$|^libs/testing/" },
      { path: "/test/|\\.test\\.ts$|^libs/testing/" },
    ),
  ],
  options: {
    parser: "swc",
    doNotFollow: { path: "node_modules|dist" },
    exclude: { path: "(^|/)(node_modules|dist|\\.topdog)/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@topdog/source", "import", "node", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".json"],
    },
  },
};
