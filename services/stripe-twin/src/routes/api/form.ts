/** What a form-encoded body holds: Stripe nests with brackets, and an array is an object whose names are its indexes. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue };

const maxDepth = 12;

const namesOf = (key: string): string[] => {
  const first = key.indexOf("[");
  if (first === -1) return [key];
  return [key.slice(0, first), ...[...key.slice(first).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? "")];
};

interface Node {
  [name: string]: Node | string;
}

/** `items[0][price]=a&expand[]=b` as `{items: [{price: "a"}], expand: ["b"]}`. */
export function parseForm(text: string): { [name: string]: FormValue } {
  const root = newNode();
  for (const [key, value] of new URLSearchParams(text)) {
    const names = namesOf(key).slice(0, maxDepth);
    let node = root;
    for (const name of names.slice(0, -1)) {
      const known = name === "" ? String(Object.keys(node).length) : name;
      const next = node[known];
      node = typeof next === "object" ? next : (node[known] = newNode());
    }
    const last = names.at(-1) ?? "";
    node[last === "" ? String(Object.keys(node).length) : last] = value;
  }
  return toValue(root, true) as { [name: string]: FormValue };
}

const newNode = (): Node => Object.create(null) as Node;

function toValue(node: Node, isRoot = false): FormValue {
  const entries = Object.entries(node).map(([name, value]): [string, FormValue] => [
    name,
    typeof value === "string" ? value : toValue(value),
  ]);
  const isArray = !isRoot && entries.length > 0 && entries.every(([name]) => /^\d+$/.test(name));
  return isArray ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}
