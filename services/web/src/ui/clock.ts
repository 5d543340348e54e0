import { useEffect, useState } from "react";

const second = 1_000;

/** The time, again every second while a countdown is shown. */
export function useNowMs(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), second);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
