/**
 * Runs the tasks of each lane one after another, and at most `atOnce` lanes side by side. The next task is always of the lane that has the
 * most left: at the end no lane is left over.
 */
export async function runLanes<T>(
  lanes: readonly (readonly T[])[],
  atOnce: number,
  run: (task: T) => Promise<void>,
): Promise<void> {
  const idle = new Set(lanes.map((lane) => [...lane]));
  const work = async (): Promise<void> => {
    for (;;) {
      const lane = [...idle].reduce<T[]>((most, one) => (one.length > most.length ? one : most), []);
      const task = lane.shift();
      // What is left is in lanes that are at work, and stays with them.
      if (task === undefined) return;
      idle.delete(lane);
      await run(task);
      idle.add(lane);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
}
