import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from './service.js';

/** What came back for one call. */
export interface Outcome {
  readonly anum: string;
  /** `X-SmartRouting-Reason`, or what broke. */
  readonly reason: string;
  readonly status: number;
  readonly body: string;
}

/** So many calls may be under way; where the machine is slow, the rate falls. */
const AT_ONCE = 40;

/**
 * Calls at a steady rate that do not wait for each other's answers, on kept-alive connections as Enreach Core has them. Nothing
 * is sent twice.
 */
export class SteadyLoad {
  readonly outcomes: Outcome[] = [];
  readonly #agent = new Agent({ keepAlive: true });
  readonly #calls: Promise<unknown>[] = [];
  #isOver = false;
  #done: Promise<void> | undefined;

  /** @param anums called in turn */
  constructor(
    private readonly url: string,
    private readonly anums: readonly string[],
    private readonly perSecond: number,
  ) {}

  start(): this {
    this.#done = this.#run();
    return this;
  }

  /** Goes on for so many calls more. */
  async more(calls: number): Promise<void> {
    const goal = this.#calls.length + calls;
    while (this.#calls.length < goal && !this.#isOver) await sleep(20);
  }

  /** @returns how many calls were sent, once all of them have ended */
  async stop(): Promise<number> {
    this.#isOver = true;
    await this.#done;
    await Promise.all(this.#calls);
    this.#agent.destroy();
    return this.#calls.length;
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      if (this.#calls.length - this.outcomes.length < AT_ONCE)
        this.#calls.push(this.#call(this.anums[this.#calls.length % this.anums.length]!));
      await sleep(1_000 / this.perSecond);
    }
  }

  #call(anum: string): Promise<void> {
    const extradata = { CallId: `call-${this.#calls.length}` };
    const payload = JSON.stringify({ anum, bnum: '+358942415000', targetid: 'SALES_QUEUE', extradata });
    return new Promise((resolve) => {
      const end = (status: number, reason: string, body: string): void => {
        this.outcomes.push({ anum, reason, status, body });
        resolve();
      };
      const sent = request(
        this.url,
        {
          method: 'POST',
          agent: this.#agent,
          headers: {
            'X-Benemen-APIKey': KEY,
            'Content-Type': 'application/json',
            'Content-Length': Buffer.byteLength(payload),
          },
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', (error: NodeJS.ErrnoException) => end(0, error.code ?? error.message, ''));
          answer.on('end', () =>
            end(
              answer.statusCode!,
              String(answer.headers['x-smartrouting-reason']),
              Buffer.concat(chunks).toString(),
            ),
          );
        },
      );
      sent.on('error', (error: NodeJS.ErrnoException) => end(0, error.code ?? error.message, ''));
      sent.end(payload);
    });
  }
}

/** How many calls had which outcome. */
export function tally(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { reason, status, body } of outcomes) {
    const kind = `${status} ${reason} ${body}`.trim();
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
