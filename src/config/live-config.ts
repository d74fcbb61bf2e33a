import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';

/** Something made of a part of the configuration, and made anew when that part changes. */
export interface Derived<Config, T> {
  readonly current: T;
  /** What was made of a configuration that is, or was, in use: a call is decided by the one that it was let in with. */
  of(config: Config): T;
}

/**
 * The configuration in use; each room asks for the part of it that it sees. It is swapped in whole between two turns of the event loop, so whoever reads `current` of
 * several things without waiting in between sees one configuration. See docs/adr/0019-configuration-swapped-in-whole.md.
 */
@Injectable()
export class LiveConfig<Config extends object> {
  #current: Config;
  // Methods, so that who sees a part of the configuration may have the whole.
  readonly #derived: { prepare(config: Config): () => void }[] = [];
  readonly #listeners: { told(config: Config): void }[] = [];

  constructor(initial: Config) {
    this.#current = initial;
  }

  get current(): Config {
    return this.#current;
  }

  /**
   * Makes something of a part of the configuration, now and whenever that part has changed. For what lives as long as the
   * service: it is never forgotten.
   * @param part picks what it is made of; compared by value
   */
  derive<Part, T>(part: (config: Config) => Part, make: (part: Part) => T): Derived<Config, T> {
    const derived = new DerivedPart(part, make, this.#current);
    this.#derived.push(derived);
    return derived;
  }

  /** @param listener called when another configuration is in use; must not throw */
  onSwap(listener: (config: Config) => void): void {
    this.#listeners.push({ told: listener });
  }

  /**
   * Makes everything that another configuration needs, and uses none of it.
   * @returns puts it into use, at once and whole; never throws
   * @throws what making throws; then nothing has changed
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

class DerivedPart<Config extends object, Part, T> implements Derived<Config, T> {
  current: T;
  #part: Part;
  readonly #made = new WeakMap<Config, T>();

  constructor(
    private readonly pick: (config: Config) => Part,
    private readonly make: (part: Part) => T,
    config: Config,
  ) {
    this.#part = pick(config);
    this.current = make(this.#part);
    this.#made.set(config, this.current);
  }

  of(config: Config): T {
    const made = this.#made.get(config);
    if (made === undefined && !this.#made.has(config))
      throw new Error('a configuration that was never in use');
    return made as T;
  }

  prepare(config: Config): () => void {
    const part = this.pick(config);
    const isSame = isDeepStrictEqual(part, this.#part);
    const made = isSame ? this.current : this.make(part);
    this.#made.set(config, made);
    return () => {
      this.#part = part;
      this.current = made;
    };
  }
}
