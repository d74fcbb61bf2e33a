import { eventually } from '../support/eventually.js';
import { IS_LONG } from '../support/length.js';
import { bodyOf, Callers, judge, KINDS, VIP_KINDS } from './callers.js';
import type { Kind, PhoneCall } from './callers.js';
import { Load } from './load.js';
import type { Expectation } from './load.js';
import { Machine } from './machine.js';
import { missing, RECOVERY_MS } from './result.js';
import type { Result } from './result.js';
import type { Scenario } from './scenario.js';
import { Tally } from './tally.js';
import type { World } from './world.js';

const SETTINGS = IS_LONG
  ? { rate: 200, beforeMs: 2_000, faultMs: 8_000, afterMs: 3_000 }
  : { rate: 80, beforeMs: 0, faultMs: 0, afterMs: 0 };
/** From then on a broken provider's known VIPs are known from old records only: longer than answers are fresh in the cache. */
const NO_LONGER_FRESH_MS = 1_200;
/** Recognised VIPs of each kind in a row that count as "again". */
const IN_A_ROW = 3;
const TRIALS: readonly Kind[] = ['database new', 'database new', 'crm new', 'crm new'];

/** Plays one fault under steady load. A phase goes on until enough calls have been judged, however slow the machine is. */
export async function play(scenario: Scenario, world: World, callers: Callers): Promise<Result> {
  await scenario.prepare?.(world);
  const machine = new Machine(world.pids);
  if (!scenario.fromStart) await inOrder(world, callers);
  const played = new Played(scenario, world, machine, callers);
  try {
    return await played.run();
  } finally {
    await played.load.stop();
    machine.stop();
  }
}

class Played {
  readonly load: Load;
  readonly #before = expectation();
  readonly #during: Expectation;
  readonly #recovering: Expectation;
  readonly #after = expectation();

  constructor(
    private readonly scenario: Scenario,
    private readonly world: World,
    private readonly time: Machine,
    callers: Callers,
  ) {
    this.#during = expectation(scenario);
    this.#recovering = expectation(scenario);
    const first = scenario.fromStart ? this.#during : this.#before;
    this.load = new Load(world.phones, callers, time, SETTINGS.rate, first);
  }

  async run(): Promise<Result> {
    const { load, scenario } = this;
    load.start();
    if (!scenario.fromStart) {
      await this.#until(this.time.nowMs() + SETTINGS.beforeMs);
      await judged(this.#before.tally);
    }
    load.expectation = this.#during;
    await this.#fault();
    const endedMs = this.time.nowMs();
    load.expectation = this.#recovering;
    load.sightings = [];
    await eventually(() => this.#isRecovered(endedMs));
    load.expectation = this.#after;
    if (this.#lastMissMs(endedMs) <= RECOVERY_MS) {
      await this.#until(this.time.nowMs() + SETTINGS.afterMs);
      await judged(this.#after.tally);
    }
    await load.stop();
    return {
      fault: scenario.fault,
      before: this.#before.tally,
      during: this.#during.tally,
      recovering: this.#recovering.tally,
      after: this.#after.tally,
      recoveredMs: this.#lastMissMs(endedMs),
    };
  }

  /** Ends it whatever comes of it: the next scenario begins with everything in order. */
  async #fault(): Promise<void> {
    const { load, scenario, world } = this;
    const { tally } = this.#during;
    try {
      await scenario.begin(world, load);
      const begunMs = this.time.nowMs();
      await this.#until(begunMs + NO_LONGER_FRESH_MS);
      const since = new Map(KINDS.map((kind) => [kind, tally.rightOf(kind)]));
      await this.#until(begunMs + (scenario.lastsMs ?? SETTINGS.faultMs));
      await judged(tally, scenario.kinds, since);
      await eventually(() => isBad(tally) || this.#hasShown());
    } finally {
      await scenario.end(world, load);
    }
  }

  async #until(ms: number): Promise<void> {
    await eventually(() => this.time.nowMs() >= ms);
  }

  async #hasShown(): Promise<boolean> {
    const { tally, mayMiss } = this.#during;
    if (this.scenario.hasShown) return this.scenario.hasShown(tally, this.world);
    return [...mayMiss].every((kind) => {
      const { calls, recognised } = tally.recognised([kind]);
      return calls > recognised;
    });
  }

  /** Or it is known that they are not, in time. */
  #isRecovered(endedMs: number): boolean {
    const sightings = this.load.sightings.filter(({ atMs }) => atMs >= endedMs);
    if (isBad(this.#recovering.tally) || this.#lastMissMs(endedMs) > RECOVERY_MS) return true;
    if (this.time.nowMs() < endedMs + (this.scenario.lingersMs ?? 0)) return false;
    return VIP_KINDS.every((kind) => {
      const last = sightings.filter((one) => one.kind === kind).slice(-IN_A_ROW);
      return last.length === IN_A_ROW && last.every(({ recognised }) => recognised);
    });
  }

  #lastMissMs(endedMs: number): number {
    const missed = this.load.sightings.filter(({ recognised, atMs }) => !recognised && atMs >= endedMs);
    return Math.max(0, ...missed.map(({ atMs }) => atMs - endedMs));
  }
}

/** Without a scenario everything is in order, and everybody must be recognised. */
function expectation(scenario?: Scenario): Expectation {
  const { mayMiss = [], mayShed = false } = scenario ?? {};
  return { tally: new Tally(), mayMiss: new Set(mayMiss), faulty: mayMiss.length > 0, mayShed };
}

/** What is bad stays so, and need not be waited for. */
function isBad(tally: Tally): boolean {
  return tally.examples.length > 0;
}

/** Waits until each kind of caller has had enough right answers, above those counted before. */
async function judged(
  tally: Tally,
  kinds?: readonly Kind[],
  since?: ReadonlyMap<Kind, number>,
): Promise<void> {
  await eventually(() => {
    const lacking = missing(tally, kinds, since);
    if (lacking.length > 0 && !isBad(tally)) throw new Error(lacking.join('; '));
  });
}

/** Known VIPs call until all of them are recognised, and then new ones, whom only a provider that is asked can tell. */
async function inOrder({ phones }: World, callers: Callers): Promise<void> {
  const missed = async (calls: readonly PhoneCall[]): Promise<PhoneCall[]> => {
    const verdicts = await Promise.all(
      calls.map(async (call) => judge(call, await phones.post(bodyOf(call)), true)),
    );
    return calls.filter((_, index) => verdicts[index] !== 'recognised');
  };
  let unknown = Callers.known();
  await eventually(async () => {
    unknown = await missed(unknown);
    // Each of them twice: there may be two instances, which take turns.
    if (unknown.length === 0) unknown = await missed(TRIALS.map((kind) => callers.of(kind)));
    if (unknown.length > 0) throw new Error(`${unknown.length} VIPs are not recognised before the fault`);
  });
}
