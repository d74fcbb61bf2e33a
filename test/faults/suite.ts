import { Callers } from './callers.js';
import { CustomersDatabase } from './customers-database.js';
import { IS_LONG, play } from './run.js';
import type { Result, Scenario } from './run.js';
import type { Group } from './scenarios.js';
import { World } from './world.js';

interface Promised {
  readonly result: Promise<Result>;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Plays all scenarios: lanes side by side in the short form, one after the other in the long one. */
export class Suite {
  readonly #results = new Map<Scenario, Promised>();
  #running: Promise<void> | undefined;

  /**
   * @param lanes groups that follow each other; the first lane breaks its database, the others share one
   * @param alone groups that need the machine for themselves
   */
  constructor(
    private readonly lanes: readonly (readonly Group[])[],
    private readonly alone: readonly Group[],
  ) {
    for (const { scenarios } of [...lanes.flat(), ...alone]) {
      for (const scenario of scenarios) this.#results.set(scenario, promised());
    }
  }

  start(): void {
    this.#running = this.#run();
  }

  /** What came of a scenario, once it has been played; rejects when it could not be played. */
  result(scenario: Scenario): Promise<Result> {
    return this.#results.get(scenario)!.result;
  }

  async finished(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    const databases: CustomersDatabase[] = [];
    try {
      for (let count = 0; count < 2; count++) databases.push(await CustomersDatabase.start());
      const [own, shared] = databases as [CustomersDatabase, CustomersDatabase];
      const rows = this.lanes.map(
        (groups, index) => (): Promise<void> => this.#row(groups, index === 0 ? own : shared),
      );
      if (IS_LONG) for (const row of rows) await row();
      else await Promise.all(rows.map((row) => row()));
      await this.#row(this.alone, shared);
    } catch (error) {
      for (const { reject } of this.#results.values()) reject(error);
    } finally {
      await Promise.all(databases.map((database) => database.stop()));
    }
  }

  async #row(groups: readonly Group[], database: CustomersDatabase): Promise<void> {
    for (const group of groups) if (group.scenarios.length > 0) await this.#group(group, database);
  }

  async #group({ prepare, world: options, scenarios }: Group, database: CustomersDatabase): Promise<void> {
    let world: World | undefined;
    try {
      await prepare?.(database);
      world = await World.start(database, options);
      const callers = new Callers(1);
      for (const scenario of scenarios) {
        const { resolve, reject } = this.#results.get(scenario)!;
        await play(scenario, world, callers).then(resolve, reject);
      }
    } catch (error) {
      for (const scenario of scenarios) this.#results.get(scenario)!.reject(error);
    } finally {
      await world?.stop();
    }
  }
}

function promised(): Promised {
  let settle: Omit<Promised, 'result'> | undefined;
  const result = new Promise<Result>((resolve, reject) => (settle = { resolve, reject }));
  result.catch(() => undefined); // whoever asks for it hears of it
  return { result, ...settle! };
}
