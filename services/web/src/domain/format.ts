const number = new Intl.NumberFormat("en-US");
const compact = new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });
const day = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const hour = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

export const formatNumber = (value: number): string => number.format(value);
/** `99.98 %`: never rounded up to a whole that it is not. */
export const formatPercent = (share: number): string => `${Math.floor(share * 10_000) / 100} %`;
export const formatCompact = (value: number): string => compact.format(value);
export const formatDateTime = (iso: string): string => dateTime.format(new Date(iso));
export const formatDate = (iso: string): string => date.format(new Date(iso));
/** `26 Nov`: a day of UTC, by when it begins. */
export const formatDay = (ms: number): string => day.format(ms);
/** `26 Nov, 14:00`: an hour of UTC. */
export const formatHour = (ms: number): string => hour.format(ms);

/** `$29` or `$26.10`: cents are shown when there are some. */
export function formatCents(cents: number): string {
  const sign = cents < 0 ? "−" : "";
  const whole = number.format(Math.trunc(Math.abs(cents) / 100));
  const rest = Math.abs(cents) % 100;
  return `${sign}$${whole}${rest === 0 ? "" : `.${String(rest).padStart(2, "0")}`}`;
}

const nanoPerUsd = 1_000_000_000;
const leastShownUsd = 0.01;

/** The cost of calls: small ones keep the digits that matter. */
export function formatNanoUsd(nano: number): string {
  const usd = nano / nanoPerUsd;
  if (usd === 0) return "$0";
  return usd < leastShownUsd ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(2)}`;
}

const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `2 hours ago`, `in 3 days`. */
export function formatRelative(iso: string, nowMs: number): string {
  const seconds = (new Date(iso).getTime() - nowMs) / 1000;
  const [unit, size] = steps.find(([, least]) => Math.abs(seconds) >= least) ?? ["second", 1];
  return relative.format(Math.round(seconds / size), unit);
}

/** `5 h 12 min`, `48 s`: what is left of a wait. */
export function formatCountdown(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${whole} s`;
}
