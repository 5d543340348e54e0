/** Maps whose changes can be taken back together: what a transaction of the store in memory needs of a database. */
export interface UndoLog {
  put<K, V>(map: Map<K, V>, key: K, value: V): void;
  remember(undo: () => void): void;
  rollBack(): void;
}

export function createUndoLog(): UndoLog {
  const undos: (() => void)[] = [];
  return {
    put: (map, key, value) => {
      const had = map.has(key);
      const before = map.get(key);
      undos.push(() => {
        if (had) map.set(key, before as typeof value);
        else map.delete(key);
      });
      map.set(key, value);
    },
    remember: (undo) => void undos.push(undo),
    rollBack: () => {
      for (const undo of undos.toReversed()) undo();
    },
  };
}
