/** The keys of the objects that are open in a scan: finds a key that comes twice. */
export interface KeyStack {
  /** An object begins. */
  enter(): void;
  /** Null, or the key's name when its object has it already. `bytes[start, end)` is between the quotes. */
  add(start: number, end: number): string | null;
  /** It ends: the keys are those of the object around it again. */
  leave(): void;
  name(start: number, end: number): string;
}

const backslash = 0x5c;
/** An object with more keys than this keeps them in a set: comparing each with all others takes quadratic time. */
const maxCompared = 16;

/** Hashes and places are compared, so that an ordinary object costs no allocation; escaped keys and large objects get a set. */
export function createKeyStack(bytes: Buffer): KeyStack {
  const starts: number[] = [];
  const ends: number[] = [];
  const hashes: number[] = [];
  const marks: number[] = [];
  const sets: (Set<string> | null)[] = [];
  let count = 0;
  let mark = 0;
  let names: Set<string> | null = null;

  const name = (start: number, end: number): string => {
    const text = bytes.toString("utf8", start, end);
    return text.includes("\\") ? (JSON.parse(`"${text}"`) as string) : text;
  };

  function isSame(index: number, start: number, end: number): boolean {
    const other = starts[index]!;
    if (ends[index]! - other !== end - start) return false;
    for (let at = 0; at < end - start; at += 1) if (bytes[other + at] !== bytes[start + at]) return false;
    return true;
  }

  function addToSet(known: Set<string>, start: number, end: number): string | null {
    const added = name(start, end);
    if (known.has(added)) return added;
    known.add(added);
    return null;
  }

  function useSet(): Set<string> {
    names = new Set<string>();
    for (let index = mark; index < count; index += 1) names.add(name(starts[index]!, ends[index]!));
    return names;
  }

  return {
    name,
    enter() {
      marks.push(mark);
      sets.push(names);
      mark = count;
      names = null;
    },
    add(start, end) {
      if (names !== null) return addToSet(names, start, end);
      let hash = end - start;
      let escaped = false;
      for (let at = start; at < end; at += 1) {
        const byte = bytes[at]!;
        if (byte === backslash) escaped = true;
        hash = (Math.imul(hash, 31) + byte) | 0;
      }
      if (escaped || count - mark >= maxCompared) return addToSet(useSet(), start, end);
      for (let index = mark; index < count; index += 1) {
        if (hashes[index] === hash && isSame(index, start, end)) return name(start, end);
      }
      starts[count] = start;
      ends[count] = end;
      hashes[count] = hash;
      count += 1;
      return null;
    },
    leave() {
      count = mark;
      mark = marks.pop() ?? 0;
      names = sets.pop() ?? null;
    },
  };
}
