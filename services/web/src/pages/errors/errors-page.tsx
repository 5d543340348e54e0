import { useState } from "react";
import platformErrors from "../../api/errors.json" with { type: "json" };
import { errors as words } from "../../copy/errors.ts";
import { isFound, partsOf, type PlatformError } from "../../domain/error-search.ts";
import { TextField } from "../../ui/field.tsx";
import { Tag } from "../../ui/panel.tsx";
import "./errors.css";

/** Where a problem's `type` leads: the fragment is the code, and the browser marks its part of the page. */
export function Page() {
  const [typed, setTyped] = useState("");
  const found = new Set(platformErrors.filter((one) => isFound(one, typed)));
  return (
    <div className="wide stack loose article">
      <header>
        <h1 className="page-title">{words.title}</h1>
        <p className="muted">{words.lead}</p>
      </header>
      <section className="prose stack">
        <dl className="facts">
          {words.shapes.map(([where, shape]) => (
            <div key={where} className="fact">
              <dt>{where}</dt>
              <dd>
                <code className="wrapped">{shape}</code>
              </dd>
            </div>
          ))}
        </dl>
        <p className="small muted">{words.requestId}</p>
      </section>
      <search className="stack">
        <TextField
          type="search"
          label={words.search}
          hint={words.searchHint}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <p role="status" className="small muted">
          {found.size === 0 ? words.nothing : words.found(found.size, platformErrors.length)}
        </p>
      </search>
      <ul className="errors">
        {platformErrors.map((one) => (
          <li key={one.code} id={one.code} hidden={!found.has(one)}>
            <Entry {...one} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Entry({ code, status, title, retryable, nextStep, openaiType }: PlatformError) {
  return (
    <>
      <div className="row">
        <h2>
          <a href={`#${code}`}>
            <code>{code}</code>
          </a>
        </h2>
        <Tag tone={retryable ? "warn" : "bad"}>{status}</Tag>
      </div>
      <p>{title}</p>
      <p>{partsOf(nextStep).map((part, index) => (index % 2 === 1 ? <code key={part}>{part}</code> : part))}</p>
      <p className="small muted">
        {words.type(openaiType)} · {retryable ? words.again : words.notAgain}
      </p>
    </>
  );
}
