import type { Kind, VipKind } from './callers.js';
import type { Load } from './load.js';
import type { Tally } from './tally.js';
import type { World, WorldOptions } from './world.js';

/** One thing that goes wrong, and what may come of it. */
export interface Scenario {
  /** As it stands in the table. */
  readonly fault: string;
  /** Played in the short form as well, where it stands for its family. */
  readonly isBrief?: true;
  /** VIPs that may go unrecognised while it lasts and until the service has recovered. None: everybody is recognised all along. */
  readonly mayMiss?: readonly VipKind[];
  readonly mayShed?: boolean;
  /** Who calls while it lasts. Default: everybody. */
  readonly kinds?: readonly Kind[];
  /** How long it lasts at least, after `begin` has returned; milliseconds. */
  readonly lastsMs?: number;
  /**
   * What was begun while it lasted ends by then, milliseconds after its end, and may open a breaker once more; only afterwards
   * is it known that everybody is recognised again.
   */
  readonly lingersMs?: number;
  /** Every provider is broken before the service starts: nobody is known, and there is no time before. The first of its group. */
  readonly fromStart?: boolean;
  /** Filled while it is played; printed below the table. */
  readonly notes?: readonly string[];
  /** What must be there before calls arrive. */
  prepare?(world: World): Promise<unknown>;
  begin(world: World, load: Load): Promise<unknown>;
  /** Whether the fault has shown; it lasts until then. Default: one of each kind that it may miss went unrecognised. */
  hasShown?(during: Tally, world: World): boolean | Promise<boolean>;
  end(world: World, load: Load): Promise<unknown>;
}

/** Faults that follow each other on one service. */
export interface Group {
  readonly family: string;
  readonly world: WorldOptions;
  readonly scenarios: readonly Scenario[];
}
