import { type AnyRpc, type AnySignal, subjectOfEvery } from "./event.ts";
import { eventCatalog } from "./events/catalog.ts";
import { rpcCatalog } from "./rpc/catalog.ts";
import { type ServiceName, serviceNames } from "./services.ts";
import { signalCatalog } from "./signals/catalog.ts";
import { deadLetterKeeper, deadLetterStream, deadLetterSubject, durables } from "./topology.ts";

/** Who may connect to the bus: the services, and the operator who makes streams and handles dead letters. */
export const busUserNames = [...serviceNames, "operator"] as const;
export type BusUserName = (typeof busUserNames)[number];

/** What one user of the bus may say and hear. Whatever is not listed is refused. */
export interface BusAccess {
  readonly publish: readonly string[];
  /** `subject` or `subject queue`: then only as a member of that queue. */
  readonly subscribe: readonly string[];
  /** May answer the questions it hears; nobody else may publish to a reply subject. */
  readonly answers: boolean;
}

/** Answers to its requests reach a user below this prefix, and nobody else may listen there. */
export const inboxPrefixOf = (userName: string): string => `_INBOX_${userName}`;

const subjectOf = ({ subject }: { readonly subject: string }): string => subject;

const signalSubjects = ({ subject, keyed }: AnySignal): string => (keyed === true ? `${subject}.*` : subject);

const askedSubjects = (rpc: AnyRpc): string[] => (rpc.idempotent ? [rpc.subject, subjectOfEvery(rpc)] : [rpc.subject]);

/** What a service may do on the bus, from what the events, questions, signals and durables declare. */
export function serviceAccess(service: ServiceName): BusAccess {
  const answered = rpcCatalog.filter(({ owner }) => owner === service);
  return {
    publish: [
      ...eventCatalog.filter(({ publishers }) => publishers.includes(service)).map(subjectOf),
      ...rpcCatalog.filter(({ askers }) => askers.includes(service)).flatMap(askedSubjects),
      ...signalCatalog.filter(({ owner }) => owner === service).map(signalSubjects),
      ...durables.filter((durable) => durable.service === service).flatMap(readingSubjects),
      ...deadLetterSubjects(service),
    ],
    subscribe: [
      `${inboxPrefixOf(service)}.>`,
      ...eventCatalog.filter(({ listeners }) => listeners.includes(service)).map(subjectOf),
      ...signalCatalog.filter(({ listeners }) => listeners.includes(service)).map(signalSubjects),
      ...answered.flatMap((rpc) => [`${rpc.subject} ${rpc.owner}`, ...(rpc.idempotent ? [subjectOfEvery(rpc)] : [])]),
    ],
    answers: answered.length > 0,
  };
}

/** To read one durable, settle its messages and set one aside; not to make, change or delete it. */
function readingSubjects({ stream, name }: { readonly stream: string; readonly name: string }): string[] {
  return [
    `$JS.API.CONSUMER.INFO.${stream}.${name}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`,
    `$JS.ACK.${stream}.${name}.>`,
    // The newer form, with the domain and the account before the stream.
    `$JS.ACK.*.*.${stream}.${name}.>`,
    deadLetterSubject(name),
  ];
}

/** Whoever has durables may read what was set aside; one service alone may take it away, for a person who operates the platform. */
function deadLetterSubjects(service: ServiceName): string[] {
  const isKeeper = service === deadLetterKeeper;
  const hasDurables = durables.some((durable) => durable.service === service);
  return [
    ...(isKeeper || hasDurables ? [`$JS.API.DIRECT.GET.${deadLetterStream}`] : []),
    ...(isKeeper ? [`$JS.API.STREAM.MSG.DELETE.${deadLetterStream}`] : []),
  ];
}

/** The operator makes streams and durables, looks at what is stored, and publishes dead letters again. */
export const operatorAccess: BusAccess = {
  publish: ["$JS.API.>", ...new Set(durables.map(subjectOf))],
  subscribe: [`${inboxPrefixOf("operator")}.>`],
  answers: false,
};

export const accessOf = (user: BusUserName): BusAccess => (user === "operator" ? operatorAccess : serviceAccess(user));
