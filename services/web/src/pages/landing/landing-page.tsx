import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { tiersQuery } from "../../api/queries.ts";
import { landing } from "../../copy/landing.ts";
import { formatNumber } from "../../domain/format.ts";
import { samplesOf } from "../../domain/samples.ts";
import { ButtonLink } from "../../ui/button.tsx";
import { Samples } from "../../ui/code.tsx";
import { useOrigin } from "../../ui/origin.ts";
import "./landing.css";

const sampleModel = "gpt-5-mini";
const sampleKey = "$TOPDOG_KEY";

export function Page() {
  return (
    <>
      <Hero />
      <Steps />
      <Facts />
      <Plans />
      <section className="wide ending">
        <h2 className="display">{landing.endTitle}</h2>
        <ButtonLink look="solid" to="/sign-up">
          {landing.start}
        </ButtonLink>
      </section>
    </>
  );
}

function Hero() {
  const origin = useOrigin();
  const free = useQuery(tiersQuery).data.tiers.find(({ id }) => id === "free");
  return (
    <section className="wide hero">
      <div className="stack loose">
        <h1 className="display">
          {landing.title.map((line) => (
            <span key={line}>{line} </span>
          ))}
        </h1>
        <p className="lead">{landing.lead}</p>
        <div className="row">
          <ButtonLink look="solid" to="/sign-up">
            {landing.start}
          </ButtonLink>
          <ButtonLink to="/pricing">{landing.prices}</ButtonLink>
        </div>
        {free !== undefined && (
          <p className="small muted">
            {landing.noCard(formatNumber(free.limits.apiCallsPerDay), formatNumber(free.limits.llmRequestsPerDay))}
          </p>
        )}
      </div>
      <div className="hero-sample">
        <Samples label={landing.sample} samples={samplesOf({ origin, key: sampleKey, model: sampleModel })} />
      </div>
    </section>
  );
}

function Steps() {
  return (
    <section className="wide section" aria-labelledby="steps">
      <h2 id="steps">{landing.stepsTitle}</h2>
      <ol className="steps">
        {landing.steps.map(([name, text]) => (
          <li key={name}>
            <h3>{name}</h3>
            <p className="muted">{text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Facts() {
  return (
    <section className="wide section" aria-labelledby="promises">
      <h2 id="promises">{landing.factsTitle}</h2>
      <dl className="promises">
        {landing.facts.map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="muted">{text}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Plans() {
  const { tiers } = useQuery(tiersQuery).data;
  return (
    <section className="wide section" aria-labelledby="plans">
      <div className="row apart">
        <h2 id="plans">{landing.plansTitle}</h2>
        <Link to="/pricing">{landing.compare}</Link>
      </div>
      <ul className="plan-list">
        {tiers
          .filter(({ lineup }) => lineup === "dev")
          .map(({ id, name, price, perSeat, limits }) => (
            <li key={id}>
              <h3>{name}</h3>
              <span className="num plan-price">{price.month.perMonth}</span>
              <span className="small muted">
                {landing.perMonth}
                {perSeat && `, ${landing.perSeat}`}
              </span>
              <span className="small num">{landing.calls(formatNumber(limits.apiCallsPerDay))}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}
