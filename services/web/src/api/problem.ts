import { states } from "../copy/site.ts";

/** An error as the account API tells it (RFC 9457, with our code and the next step). */
export interface ProblemBody {
  readonly code: string;
  readonly title: string;
  readonly detail?: string | undefined;
  readonly nextStep?: string | undefined;
  readonly status: number;
}

/** Thrown for every answer that is no success. Its message is for people. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly nextStep: string;
  /** The server's own id of the request, for support. */
  readonly requestId: string;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(body: ProblemBody & Record<string, unknown>) {
    super(body.detail ?? body.title);
    this.code = body.code;
    this.status = body.status;
    this.nextStep = body.nextStep ?? "";
    this.requestId = typeof body["instance"] === "string" ? body["instance"] : "";
    this.extra = body;
  }
}

export const isProblem = (error: unknown, ...codes: string[]): error is Problem =>
  error instanceof Problem && (codes.length === 0 || codes.includes(error.code));

const isBody = (body: unknown): body is ProblemBody & Record<string, unknown> =>
  typeof body === "object" && body !== null && "code" in body && "title" in body;

/** Any failure as a problem: without an answer of ours there is still something to say. */
export function problemFrom(body: unknown, status: number): Problem {
  if (isBody(body)) return new Problem({ ...body, status });
  const isOffline = status === 0 && !navigator.onLine;
  return new Problem({
    code: "unreachable",
    title: isOffline ? states.offline : states.unreachable,
    nextStep: isOffline ? states.offlineAdvice : states.unreachableAdvice,
    status,
  });
}

export function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : problemFrom(null, 0);
}
