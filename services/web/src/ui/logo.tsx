import { site } from "../copy/site.ts";

/** The number one of the first trap. */
export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
        <rect width="32" height="32" rx="7" className="logo-jacket" />
        <path d="M18.8 7v18h-4.1V12.1l-3.9 1.5v-3.7L16.2 7z" className="logo-number" />
      </svg>
      {site.name}
    </span>
  );
}
