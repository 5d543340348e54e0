/** One of the platform's errors, as `api/errors.json` lists them. */
export interface PlatformError {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  readonly nextStep: string;
  readonly openaiType: string;
}

/** Whether each word that was typed stands somewhere in the error: in its code, its status or what is said of it. */
export function isFound({ code, status, title, nextStep, openaiType }: PlatformError, typed: string): boolean {
  const text = [code, status, openaiType, title, nextStep].join(" ").toLowerCase();
  return typed
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** A sentence in its parts: every second one is code, which stands between backticks. */
export const partsOf = (sentence: string): string[] => sentence.split("`");
