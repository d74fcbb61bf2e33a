import type { ProviderState } from '../../src/plugin-api/index.js';

/** A call of a state: its method's name, then what it was given. */
export type StateCall = readonly [method: keyof ProviderState, key?: string];

/** A state whose process stands still before one call of it, and goes on when the test says so. */
export class StoppingState {
  readonly state: ProviderState;
  /** Resolves when it has come to that call. */
  readonly stopped: Promise<void>;
  #stop!: () => void;
  #goOn!: () => void;
  readonly #released = new Promise<void>((resolve) => (this.#goOn = resolve));

  /** @param isHere whether it stands still before this call; asked of each call until then */
  constructor(state: ProviderState, isHere: (...call: StateCall) => boolean) {
    this.stopped = new Promise((resolve) => (this.#stop = resolve));
    let isOver = false;
    const before = async (...call: StateCall): Promise<void> => {
      if (isOver || !isHere(...call)) return;
      isOver = true;
      this.#stop();
      await this.#released;
    };
    this.state = {
      read: async (key) => before('read', key).then(() => state.read(key)),
      write: async (key, ...rest) => before('write', key).then(() => state.write(key, ...rest)),
      keys: async () => before('keys').then(() => state.keys()),
      remove: async (key, ...rest) => before('remove', key).then(() => state.remove(key, ...rest)),
      exclusively: (name, work) => state.exclusively(name, work),
    };
  }

  goOn(): void {
    this.#goOn();
  }
}

/** Says yes to the n-th call that fits. */
export function nth(n: number, fits: (...call: StateCall) => boolean): (...call: StateCall) => boolean {
  let count = 0;
  return (...call) => fits(...call) && ++count === n;
}
