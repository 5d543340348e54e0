import { Link } from "react-router";
import { guide } from "../../copy/guide.ts";
import { samplesOf } from "../../domain/samples.ts";
import { Samples } from "../../ui/code.tsx";
import { useOrigin } from "../../ui/origin.ts";
import "./guide.css";

export function Page() {
  const origin = useOrigin();
  return (
    <div className="wide guide">
      <nav aria-label={guide.contents} className="guide-nav small">
        <a href="#first-call">{guide.firstCall}</a>
        {guide.sections.map(({ id, title }) => (
          <a key={id} href={`#${id}`}>
            {title}
          </a>
        ))}
        <a href="/docs/">{guide.reference}</a>
        <Link to="/docs/errors">{guide.errors}</Link>
      </nav>
      <article className="stack loose guide-text">
        <header>
          <h1 className="page-title">{guide.title}</h1>
          <p className="muted">{guide.lead}</p>
        </header>
        <section className="stack" aria-labelledby="first-call">
          <h2 id="first-call">{guide.firstCall}</h2>
          <p>{guide.firstCallLead}</p>
          <Samples label={guide.firstCall} samples={samplesOf({ origin, key: "$TOPDOG_KEY", model: "gpt-5-mini" })} />
        </section>
        {guide.sections.map(({ id, title, paragraphs, table = [] }) => (
          <section key={id} className="stack" aria-labelledby={id}>
            <h2 id={id}>{title}</h2>
            {paragraphs.map((paragraph) => (
              <p key={paragraph}>{paragraph}</p>
            ))}
            {table.length > 0 && (
              <dl className="guide-table">
                {table.map(([name, meaning]) => (
                  <div key={name}>
                    <dt>
                      <code>{name}</code>
                    </dt>
                    <dd className="muted">{meaning}</dd>
                  </div>
                ))}
              </dl>
            )}
          </section>
        ))}
      </article>
    </div>
  );
}
