/** Who asks for a job. */
export interface Asker {
  /** Askers of one name share their turns. */
  readonly client: string;
  /** False when nobody waits for what comes of it any more. */
  readonly isWaiting: () => boolean;
}

interface Waiter extends Pick<Asker, 'isWaiting'> {
  readonly start: () => void;
  readonly refuse: (error: QueueFullError) => void;
}

/** A job was given up while waiting: too many newer ones came, or nobody waits for it any more. */
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
  async run<T>(asker: Asker, job: () => Promise<T>): Promise<T> {
    if (this.#running < this.width) this.#running++;
    else await this.#turn(asker);
    try {
      return await job();
    } finally {
      this.#handOver();
    }
  }

  #turn({ client, isWaiting }: Asker): Promise<void> {
    return new Promise((start, refuse) => {
      const lane = this.#lanes.get(client) ?? [];
      lane.push({ start, refuse, isWaiting });
      this.#lanes.set(client, lane);
      if (++this.#waiting > this.maxWaiting) this.#giveUpOne();
    });
  }

  /** The slot passes directly to the next waiting job. */
  #handOver(): void {
    for (const [client, lane] of this.#lanes) {
      const next = lane.pop()!;
      this.#lanes.delete(client);
      if (lane.length > 0) this.#lanes.set(client, lane);
      this.#waiting--;
      if (next.isWaiting()) return next.start();
      next.refuse(new QueueFullError());
    }
    this.#running--;
  }

  #giveUpOne(): void {
    const [client, longest] = [...this.#lanes].reduce((most, lane) =>
      lane[1].length > most[1].length ? lane : most,
    );
    const oldest = longest.shift()!;
    if (longest.length === 0) this.#lanes.delete(client);
    this.#waiting--;
    oldest.refuse(new QueueFullError());
  }
}
