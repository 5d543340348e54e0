import { serviceNames, standIns } from "@topdog/contracts/services";
import type { StackOptions } from "@topdog/local-stack/stack";

const debuggerAddress = "127.0.0.1:9229";
const all = "all";
const web = "web";

export interface WatchFlags {
  readonly watch: boolean;
  /** A service's name, `web`, or `all`. */
  readonly service: string;
  /** A process's name, or "" for none. */
  readonly inspect: string;
}

/** Throws for a service that there is not. */
export function watchOptions({
  watch,
  service,
  inspect,
}: WatchFlags): Pick<StackOptions, "watched" | "inspectAddresses"> {
  const known: readonly string[] = [...serviceNames, ...standIns.map(({ name }) => name), web];
  if (service !== all && !known.includes(service))
    throw new Error(`--service ${service}: one of ${known.join(", ")}, or ${all}`);
  return {
    watched: watch ? known.filter((name) => name !== web && (service === all || service === name)) : [],
    inspectAddresses: inspect === "" ? {} : { [inspect]: debuggerAddress },
  };
}

/** The web app is no process of the platform: Vite serves it, and reloads what changes. */
export const watchesWeb = ({ watch, service }: WatchFlags): boolean => watch && (service === all || service === web);

export function describeWatch({ watch, service, inspect }: WatchFlags): string {
  const restarts = service === all ? "every service restarts" : `${service} restarts`;
  return [
    ...(watch && service !== web
      ? [`Watching: ${restarts} when its code, or that of a library it uses, changes.`]
      : []),
    ...(inspect === "" ? [] : [`Debugger of ${inspect}: ${debuggerAddress} (in VS Code: "Attach to a service").`]),
  ].join("\n");
}
