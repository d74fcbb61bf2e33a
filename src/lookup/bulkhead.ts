/**
 * Limits how many lookups are under way at once; some more wait in line, first come, first served. Holds no timer: who
 * waits withdraws when its time is over.
 */
export class Bulkhead {
  #underWay = 0;
  #isCalling = false;
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
    // One that answers at once leaves while it is being called.
    if (this.#isCalling) return;
    this.#isCalling = true;
    for (const turn of this.#line) {
      if (!this.hasRoom) break;
      this.#line.delete(turn);
      turn();
    }
    this.#isCalling = false;
  }

  /** @param turn called when there is room; it enters, or lets the next one have it */
  queue(turn: () => void): void {
    this.#line.add(turn);
  }

  withdraw(turn: () => void): void {
    this.#line.delete(turn);
  }
}
