import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../../api/client.ts";
import { status } from "../../copy/status.ts";
import { Notice } from "../../ui/notice.tsx";
import { Tag } from "../../ui/panel.tsx";
import { Loading } from "../../ui/states.tsx";

async function isHealthy(): Promise<boolean> {
  try {
    return (await fetch("/health", { credentials: "omit" })).ok;
  } catch {
    return false;
  }
}

const answers = (call: () => Promise<unknown>) => (): Promise<boolean> =>
  call().then(
    () => true,
    () => false,
  );

export function Page() {
  const site = useQuery({ queryKey: ["status", "site"], queryFn: isHealthy });
  const plans = useQuery({ queryKey: ["status", "plans"], queryFn: answers(() => bodyOf(api.GET("/api/tiers"))) });
  const parts = [
    [status.site, site.data],
    [status.plans, plans.data],
  ] as const;
  const isKnown = parts.every(([, works]) => works !== undefined);
  return (
    <div className="wide stack loose article">
      <h1 className="page-title">{status.title}</h1>
      {isKnown ? (
        <>
          <Notice tone={parts.every(([, works]) => works) ? "good" : "bad"}>
            {parts.every(([, works]) => works) ? status.up : status.down}
          </Notice>
          <ul className="prose stack tight">
            {parts.map(([name, works]) => (
              <li key={name} className="row apart panel">
                {name}
                <Tag tone={works === true ? "good" : "bad"}>{works === true ? status.works : status.fails}</Tag>
              </li>
            ))}
          </ul>
          <p className="small muted">{status.checked}</p>
        </>
      ) : (
        <Loading />
      )}
    </div>
  );
}
