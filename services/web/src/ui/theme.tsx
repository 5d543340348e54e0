import { useState } from "react";
import { site } from "../copy/site.ts";
import { useInBrowser } from "./in-browser.ts";

const themes = ["system", "light", "dark"] as const;
type Theme = (typeof themes)[number];
const storageKey = "theme";

function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system";
  }
}

function choose(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
  try {
    if (theme === "system") localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, theme);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

/** Light, dark, or as the system is; `src/early.js` applies it before the first paint. */
export function ThemeSwitch() {
  const stored = useInBrowser(storedTheme, "system");
  const [chosen, setChosen] = useState<Theme | null>(null);
  return (
    <select
      className="input theme"
      aria-label={site.theme.legend}
      value={chosen ?? stored}
      onChange={({ target }) => {
        const theme = themes.find((one) => one === target.value) ?? "system";
        setChosen(theme);
        choose(theme);
      }}
    >
      {themes.map((one) => (
        <option key={one} value={one}>
          {site.theme[one]}
        </option>
      ))}
    </select>
  );
}
