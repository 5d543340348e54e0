/** By number: what comes and goes with each call. What was deleted is free for the next minor collection, which it is not with a `Map` (README). */
export class LiveMap<V extends object> {
  /** No prototype: V8 keeps it as a hash table that points to no other. */
  readonly #entries = Object.create(null) as Record<number, V>;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(number: number): V | undefined {
    return this.#entries[number];
  }

  set(number: number, value: V): void {
    if (this.#entries[number] === undefined) this.#size += 1;
    this.#entries[number] = value;
  }

  /** Whether it was there. */
  delete(number: number): boolean {
    if (this.#entries[number] === undefined) return false;
    delete this.#entries[number];
    this.#size -= 1;
    return true;
  }

  /** In the order of their numbers. One that is deleted meanwhile is left out, and one that is added is. */
  *values(): Generator<V, void> {
    for (const number of Object.keys(this.#entries)) {
      const value = this.#entries[Number(number)];
      if (value !== undefined) yield value;
    }
  }
}
