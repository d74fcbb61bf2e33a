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
   * @returns false when there is another version by now: read again
   */
  write(key: string, text: string, version: number | undefined): Promise<boolean>;
  /** The keys that something is kept under, in no order. */
  keys(): Promise<string[]>;
  /** Removes what is kept under the key; nothing happens when there is nothing. */
  remove(key: string): Promise<void>;
  /**
   * Does something that only one instance may do at a time. Who dies while at it blocks the others for half a minute at most.
   * @param name what is done; at most 100 characters
   * @param work gets a signal that aborts when the exclusive right was lost
   * @returns `undefined` when another instance is at it
   */
  exclusively<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
}
