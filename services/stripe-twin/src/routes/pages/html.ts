/** Markup that is safe to send. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? "");

type Insert = Html | string | number | null | undefined | false | readonly Insert[];

const render = (part: Insert): string => {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
};

/** A template whose values are escaped, unless they are markup themselves. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Insert[]): Html =>
  new Html(strings.map((text, index) => text + (index < parts.length ? render(parts[index]) : "")).join(""));

const style = `
:root{color-scheme:light dark;--line:#8886;--accent:#3b5bdb}
*{box-sizing:border-box}body{margin:0;font:17px/1.5 system-ui,sans-serif}
.notice{background:#b35c00;color:#fff;padding:.5rem 1rem;text-align:center;font-weight:600}
main{max-width:34rem;margin:0 auto;padding:1rem}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
label{display:block;margin:.75rem 0 .25rem}input,select,button{font:inherit;width:100%;padding:.65rem;border:1px solid var(--line);border-radius:.4rem}
input[type=radio],input[type=checkbox]{width:auto}button{background:var(--accent);color:#fff;border:0;margin-top:1rem;font-weight:600;cursor:pointer;min-height:2.75rem}
button.plain{background:none;color:inherit;border:1px solid var(--line)}
table{width:100%;border-collapse:collapse}td,th{padding:.4rem .2rem;border-bottom:1px solid var(--line);text-align:left;vertical-align:top}
td:last-child,th:last-child{text-align:right;white-space:nowrap}.error{border-left:.3rem solid #c92a2a;padding:.5rem .75rem;margin:1rem 0}
fieldset{border:1px solid var(--line);border-radius:.4rem;margin:1rem 0}code{overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}`;

export const page = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <title>${title} – Stripe twin</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <div class="notice" role="note">Stripe twin: no real money. Never type in a real card.</div>
        <main>${body}</main>
      </body>
    </html>`.text;

export const money = (cents: number, currency: string): string => {
  const sign = cents < 0 ? "−" : "";
  const amount = (Math.abs(cents) / 100).toFixed(2);
  return currency === "usd" ? `${sign}$${amount}` : `${sign}${amount} ${currency.toUpperCase()}`;
};

export const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10);

export const errorBox = (message: string | null): Html | null =>
  message === null ? null : html`<p class="error" role="alert">${message}</p>`;
