import { AsyncResource } from 'node:async_hooks';

/**
 * Limits how many lookups are in progress at once; some more wait in a queue, first come, first served. Has no timer:
 * a waiting lookup withdraws when its time is over.
 */
export class Bulkhead {
  #underWay = 0;
  /** Each turn, and the function that runs it in the context of its call: a trace must not pass to another call. */
  readonly #line = new Map<() => void, () => void>();

  constructor(
    readonly maxConcurrent: number,
    readonly maxQueued: number,
  ) {}

  get hasRoom(): boolean {
    return this.#underWay < this.maxConcurrent;
  }

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

  /**
   * @param turn called when there is room; it enters, or leaves the place to the next one. It must not call `leave`
   *   before it returns
   */
  queue(turn: () => void): void {
    this.#line.set(turn, AsyncResource.bind(turn));
  }

  withdraw(turn: () => void): void {
    this.#line.delete(turn);
  }
}
