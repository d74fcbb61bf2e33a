import { AsyncResource } from 'node:async_hooks';

/**
 * Limits how many lookups are under way at once; some more wait in line, first come, first served. Holds no timer: who
 * waits withdraws when its time is over.
 */
export class Bulkhead {
  #underWay = 0;
  /** Each turn, and the same in the context of the call that waits for it: a trace must not pass to another call. */
  readonly #line = new Map<() => void, () => void>();

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
    for (const [turn, inItsContext] of this.#line) {
      if (!this.hasRoom) break;
      this.#line.delete(turn);
      inItsContext();
    }
  }

  /** @param turn called when there is room; it enters, or lets the next one have it. It does not leave before it returns */
  queue(turn: () => void): void {
    this.#line.set(turn, AsyncResource.bind(turn));
  }

  withdraw(turn: () => void): void {
    this.#line.delete(turn);
  }
}
