/**
 * A text that was kept, and which writing of it this is.
 * @since 0.1.0
 */
export interface StoredText {
  readonly text: string;
  /** Counts up with each writing; for `write`. */
  readonly version: number;
}

/**
 * The exclusive right to do something, in the hands of the work that is done under it.
 * @since 0.2.0
 */
export interface ExclusiveRight {
  /**
   * Whether it was taken from somebody whose time was over, and who may stand still and go on. Then what such a one has read
   * is better changed before anything else, so that no `write` of its own finds the version that it knows.
   */
  readonly isTakenOver: boolean;
  /**
   * Whether nobody else can have the right yet, by the clocks of this machine: for the last moment before something that
   * cannot be undone, and soon after `confirm`, as clocks stand still when a machine is moved.
   */
  readonly isHeld: boolean;
  /**
   * Asks the database whether the right is still there, and has it last anew.
   * @returns false when it is lost
   * @throws VipLookupError when the database cannot be used
   */
  confirm(): Promise<boolean>;
}

/**
 * What a provider keeps over restarts: texts under keys of its own, in the service's own database (`DATABASE_URL`), shared
 * by all instances of the service that have a provider of this name. Keep secrets encrypted.
 *
 * All methods reject with a `VipLookupError` when the database cannot be used. Nothing a call waits for should depend on it.
 * @since 0.1.0
 */
export interface ProviderState {
  /** @returns `undefined` when nothing was written under the key */
  read(key: string): Promise<StoredText | undefined>;
  /**
   * Writes, unless another instance was faster (compare and swap).
   * @param key at most 100 characters
   * @param text at most 1 MiB in UTF-8
   * @param version of the text that this one replaces; `undefined`: there must be none yet
   * @param right written only as long as nobody else has it: whether that is so and the writing are one step
   * @returns false when there is another version by now: read again
   * @throws VipLookupError when the right was lost, and nothing was written
   */
  write(key: string, text: string, version: number | undefined, right?: ExclusiveRight): Promise<boolean>;
  /** The keys that something is kept under, in no order. */
  keys(): Promise<string[]>;
  /**
   * Removes what is kept under the key; nothing happens when there is nothing.
   * @param right as with `write`
   */
  remove(key: string, right?: ExclusiveRight): Promise<void>;
  /**
   * Does something that only one instance may do at a time. Who dies while at it blocks the others for half a minute at most.
   * @param name what is done; at most 100 characters
   * @param work gets a signal that aborts when the exclusive right was lost. A process that stood still goes on before it
   *   learns of that; `right` is for what must not happen then
   * @returns `undefined` when another instance is at it
   */
  exclusively<T>(
    name: string,
    work: (signal: AbortSignal, right: ExclusiveRight) => Promise<T>,
  ): Promise<T | undefined>;
}
