/**
 * The index at which a JSON string ends. It begins at `from`; `backslashes` stood before its opening quote, as they do
 * where JSON is written into a string of JSON. Such a string ends at a quote with as many backslashes, each backslash of
 * its own doubled once per level; a text that was cut short ends where the outer string does.
 */
export function endOfQuoted(text: string, from: number, backslashes: number): number {
  const doubled = 2 * (backslashes + 1);
  for (let quote = text.indexOf('"', from); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let run = 0;
    while (quote - run > from && text[quote - run - 1] === "\\") run += 1;
    const own = run % doubled;
    if (own <= backslashes) return quote - own;
  }
  return text.length;
}
