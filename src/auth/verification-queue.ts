interface Waiter {
  readonly start: () => void;
  readonly refuse: (error: QueueFullError) => void;
}

/** A waiting job was dropped because too many newer ones came. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  constructor() {
    super('too many logins are waiting for verification');
  }
}

/**
 * Runs expensive jobs, a few at a time. Clients take turns, so one that guesses passwords does not hold up another.
 * Each client's newest job goes first, because whoever sent the oldest has stopped waiting for it.
 */
export class VerificationQueue {
  /** Client -> its waiting jobs, oldest first; the first client is next. */
  readonly #lanes = new Map<string, Waiter[]>();
  #running = 0;
  #waiting = 0;

  /**
   * @param width jobs at a time
   * @param maxWaiting jobs that may wait; beyond that, the oldest job of the client with the most is dropped
   */
  constructor(
    private readonly width: number,
    private readonly maxWaiting: number,
  ) {}

  /** @throws QueueFullError when the job was dropped; otherwise what the job throws */
  async run<T>(client: string, job: () => Promise<T>): Promise<T> {
    if (this.#running < this.width) this.#running++;
    else await this.#turn(client);
    try {
      return await job();
    } finally {
      this.#handOver();
    }
  }

  #turn(client: string): Promise<void> {
    return new Promise((start, refuse) => {
      const lane = this.#lanes.get(client);
      if (lane) lane.push({ start, refuse });
      else this.#lanes.set(client, [{ start, refuse }]);
      if (++this.#waiting > this.maxWaiting) this.#giveUpOne();
    });
  }

  /** The slot passes directly to the next waiting job. */
  #handOver(): void {
    const [client, lane] = this.#lanes.entries().next().value ?? [];
    if (client === undefined || lane === undefined) {
      this.#running--;
      return;
    }
    this.#lanes.delete(client);
    const next = lane.pop();
    if (lane.length > 0) this.#lanes.set(client, lane);
    this.#waiting--;
    next?.start();
  }

  #giveUpOne(): void {
    const [client, longest] = [...this.#lanes].reduce((most, lane) =>
      lane[1].length > most[1].length ? lane : most,
    );
    const oldest = longest.shift();
    if (longest.length === 0) this.#lanes.delete(client);
    this.#waiting--;
    oldest?.refuse(new QueueFullError());
  }
}
