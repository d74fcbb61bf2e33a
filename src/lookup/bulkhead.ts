/**
 * Limits how many lookups are under way at once; some more wait in line, first come, first served. Holds no timer: who
 * waits withdraws when its time is over.
 */
export class Bulkhead {
  #underWay = 0;
  readonly #line = new Set<() => void>();

  constructor(
    readonly maxConcurrent: number,
    readonly maxQueued: number,
  ) {}

  get hasRoom(): boolean {
    return this.#underWay < this.maxConcurrent;
  }

  /** Nor may anybody wait. */
  get isFull(): boolean {
    return !this.hasRoom && this.#line.size >= this.maxQueued;
  }

  enter(): void {
    this.#underWay++;
  }

  leave(): void {
    this.#underWay--;
    for (const turn of this.#line) {
      if (!this.hasRoom) break;
      this.#line.delete(turn);
      turn();
    }
  }

  /** @param turn called when there is room; it enters, or lets the next one have it. It does not leave before it returns */
  queue(turn: () => void): void {
    this.#line.add(turn);
  }

  withdraw(turn: () => void): void {
    this.#line.delete(turn);
  }
}
