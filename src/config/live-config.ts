import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';

/** A value derived from a part of the configuration, and derived again when that part changes. */
export interface Derived<Config, T> {
  readonly current: T;
  /** The value for a configuration that is, or was, in use: a call is decided by the configuration that admitted it. */
  of(config: Config): T;
}

/**
 * The configuration in use; each room reads only its own part. It is swapped as a whole between two turns of the
 * event loop, so code that reads several `current` values without waiting in between sees one configuration. See
 * docs/adr/0019-configuration-swapped-in-whole.md.
 */
@Injectable()
export class LiveConfig<Config extends object> {
  #current: Config;
  // Methods, so that a room that declares a part of the configuration accepts the whole.
  readonly #derived: { prepare(config: Config): () => void }[] = [];
  readonly #listeners: { told(config: Config): void }[] = [];

  constructor(initial: Config) {
    this.#current = initial;
  }

  get current(): Config {
    return this.#current;
  }

  /**
   * Derives a value from a part of the configuration, now and whenever that part changes. Only for objects that live
   * as long as the service: there is no way to unsubscribe.
   * @param pick the part that it is made of; compared by value
   */
  derive<Part, T>(pick: (config: Config) => Part, make: (part: Part) => T): Derived<Config, T> {
    let part = pick(this.#current);
    const made = new WeakMap<Config, T>();
    const derived = {
      current: make(part),
      of: (config: Config): T => {
        const value = made.get(config);
        if (value === undefined && !made.has(config)) {
          throw new Error('a configuration that was never in use');
        }
        return value as T;
      },
    };
    made.set(this.#current, derived.current);
    this.#derived.push({
      prepare(config) {
        const next = pick(config);
        const value = isDeepStrictEqual(next, part) ? derived.current : make(next);
        made.set(config, value);
        return () => {
          part = next;
          derived.current = value;
        };
      },
    });
    return derived;
  }

  /** @param listener called when another configuration is in use; must not throw */
  onSwap(listener: (config: Config) => void): void {
    this.#listeners.push({ told: listener });
  }

  /**
   * Creates everything that another configuration needs, without using it.
   * @returns a function that puts all of it into use at once; it never throws
   * @throws the error of the creation; then nothing has changed
   */
  prepare(next: Config): () => void {
    const swaps = this.#derived.map((derived) => derived.prepare(next));
    return () => {
      this.#current = next;
      for (const swap of swaps) swap();
      for (const listener of this.#listeners) listener.told(next);
    };
  }
}
