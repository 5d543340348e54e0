import { terms } from "../../copy/terms.ts";

export function Page() {
  return (
    <div className="wide stack loose article">
      <header>
        <h1 className="page-title">{terms.title}</h1>
        <p className="muted">{terms.lead}</p>
      </header>
      {terms.sections.map(([title, text]) => (
        <section key={title} className="prose">
          <h2>{title}</h2>
          <p>{text}</p>
        </section>
      ))}
    </div>
  );
}
