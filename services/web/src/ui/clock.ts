import { useEffect, useState } from "react";

const second = 1_000;
const hourMs = 3_600_000;
const thisHourMs = (): number => Math.floor(Date.now() / hourMs) * hourMs;

/** The time, again every second while a countdown is shown. */
export function useNowMs(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), second);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

/** When the present hour of UTC began: figures of a page that stays open go on with the next hour, and the next day. */
export function useHourMs(): number {
  const [beganMs, setBeganMs] = useState(thisHourMs);
  useEffect(() => {
    const timer = setInterval(() => setBeganMs(thisHourMs()), second);
    return () => clearInterval(timer);
  }, []);
  return beganMs;
}
