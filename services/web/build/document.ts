import type { PageHead } from "../src/copy/heads.ts";

export interface DocumentParts {
  readonly head: PageHead;
  /** What React drew. */
  readonly body: string;
  readonly links: {
    /** Runs before anything is painted. */
    readonly early: string;
    /** The entry first. */
    readonly scripts: readonly string[];
    readonly styles: readonly string[];
    readonly fonts: readonly string[];
  };
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (sign) => escapes[sign] ?? sign);
/** Within a script element no tag may end it. */
const jsonIn = (value: unknown): string => JSON.stringify(value).replaceAll("<", String.raw`\u003c`);

/** A whole HTML document. The canonical address is the gateway's: only it knows the host. */
export function documentOf({ head, body, links }: DocumentParts): string {
  const [entry, ...preloads] = links.scripts;
  const lines = [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${escaped(head.title)}</title>`,
    head.description === null
      ? '<meta name="robots" content="noindex">'
      : `<meta name="description" content="${escaped(head.description)}">`,
    ...(head.description === null ? [] : openGraph(head.title, head.description)),
    '<meta name="color-scheme" content="light dark">',
    '<meta name="theme-color" media="(prefers-color-scheme: light)" content="#fbfbf9">',
    '<meta name="theme-color" media="(prefers-color-scheme: dark)" content="#101312">',
    '<link rel="icon" href="/icon.svg" type="image/svg+xml">',
    ...links.fonts.map((font) => `<link rel="preload" href="/${font}" as="font" type="font/woff2" crossorigin>`),
    ...links.styles.map((style) => `<link rel="stylesheet" href="/${style}">`),
    `<script src="/${links.early}"></script>`,
    ...preloads.map((script) => `<link rel="modulepreload" href="/${script}">`),
    `<script type="module" src="/${entry ?? ""}"></script>`,
    ...head.structured.map((one) => `<script type="application/ld+json">${jsonIn(one)}</script>`),
    "</head>",
    `<body><div id="root">${body}</div></body>`,
    "</html>",
  ];
  return `${lines.join("\n")}\n`;
}

const openGraph = (title: string, description: string): string[] => [
  `<meta property="og:title" content="${escaped(title)}">`,
  `<meta property="og:description" content="${escaped(description)}">`,
  '<meta property="og:type" content="website">',
  '<meta property="og:site_name" content="Top Dog">',
];
