import { withTimeLimit } from '../plugin-api/index.js';
import type { ProviderLogger } from '../plugin-api/index.js';
import { DatabaseNode, NoAnswer } from './node.js';
import type { Work } from './node.js';
import type { Session } from './session.js';
import { nodeUrls, parseDatabaseUrl } from './url.js';
import { isNodeTrouble, isNotInCharacterSet, isNotPrepared, isReadOnly } from './failures.js';
import { firstAnswer } from './first-answer.js';

const CHECK_LIMIT_MS = 300;
const nothing = (): void => undefined;
/** With several nodes, each node logs its own trouble. */
const SILENT: ProviderLogger = { info: nothing, warn: nothing, error: nothing };

/**
 * The servers of one database, all of which have the same data: a Galera cluster, a primary and its replicas, or a
 * single server, for which all of this costs nothing.
 */
export class DatabaseNodes {
  readonly #nodes: readonly [DatabaseNode, ...DatabaseNode[]];
  #turn = 0;

  /**
   * @param url may list several servers
   * @param connect makes a session on one of them
   * @param probe fails where a read would
   */
  constructor(
    url: string,
    connect: (url: string, signal: AbortSignal) => Promise<Session>,
    probe: Work<unknown>,
    logger: ProviderLogger,
  ) {
    const urls = nodeUrls(url);
    const linkLogger = urls.length === 1 ? logger : SILENT;
    const node = (one: string): DatabaseNode =>
      new DatabaseNode(nameOf(one), (signal) => connect(one, signal), probe, linkLogger, logger);
    const [first, ...others] = urls;
    this.#nodes = [node(first), ...others.map(node)];
  }

  get count(): number {
    return this.#nodes.length;
  }

  /** Connects to all of them. Resolves when one can be used; rejects with the first one's error if none can. */
  async open(): Promise<void> {
    const [first] = this.#nodes;
    if (this.#nodes.length === 1) return first.open();
    const opened = this.#nodes.map(async (node) =>
      node.open().catch((error: unknown) => {
        node.suspect(error);
        throw error;
      }),
    );
    await Promise.any(opened).catch(() => opened[0]);
  }

  /**
   * Asks the nodes in turn, and another one if the first fails or is slow.
   * @param apart asks a node that is cut off from its cluster, if no other is healthy or all others have failed
   */
  async read<T>(work: Work<T>, apart: Work<T>, signal: AbortSignal): Promise<T> {
    if (this.#nodes.length === 1) return this.#nodes[0].read(work, signal);
    const spared: DatabaseNode[] = [];
    const ask = async (node: DatabaseNode, cut: AbortSignal): Promise<T> => {
      try {
        return await node.read(work, cut);
      } catch (error) {
        if (!isNotPrepared(error)) throw error;
        node.suspect(error);
        if (!this.#nodes.some(isWell)) return node.read(apart, cut);
        spared.push(node);
        throw error;
      }
    };
    try {
      return await this.#firstOf(this.#inTurn(), ask, signal);
    } catch (error) {
      if (signal.aborted || isNotInCharacterSet(error) || spared.length === 0) throw error;
      return this.#firstOf(spared, (node, cut) => node.read(apart, cut), signal);
    }
  }

  /**
   * Runs work that must not happen in two places at once: on the first healthy node, so that all instances use the
   * same one, or on the next if that fails. A node that does not answer gets half of the remaining time. The next one
   * may find the work done.
   */
  async write<T>(work: Work<T>, limitMs: number, signal: AbortSignal): Promise<T> {
    const endMs = performance.now() + limitMs;
    const nodes = this.#wellFirst(this.#nodes);
    for (const [index, node] of nodes.entries()) {
      if (index === nodes.length - 1) return node.write(work, signal);
      const shareMs = (endMs - performance.now()) / 2;
      try {
        return await withTimeLimit(shareMs, [signal], (limited) => node.write(work, limited), new NoAnswer());
      } catch (error) {
        if (signal.aborted || !isNodeTrouble(error)) throw error;
        if (!isReadOnly(error)) node.suspect(error);
      }
    }
    throw new TypeError('a database has a node');
  }

  /**
   * Of a cluster, asks those that are thought to be well for a sign of life. Never rejects; resolves in less than half a second.
   * @returns those that do not answer as they ought to, and why
   */
  async troubles(): Promise<string[]> {
    if (this.count === 1) return [];
    const well = this.#nodes.filter(isWell);
    await withTimeLimit(CHECK_LIMIT_MS, [], (signal) => Promise.all(well.map((node) => node.try(signal))));
    return this.#nodes.flatMap(({ name, trouble }) =>
      trouble === undefined ? [] : `${name} ${trouble.replace(/^database /, '')}`,
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.close()));
  }

  #firstOf<T>(
    nodes: readonly DatabaseNode[],
    ask: (node: DatabaseNode, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const asked = nodes.map((node) => ({
      ask: (cut: AbortSignal) => ask(node, cut),
      failed: (error: unknown) => node.suspect(error),
      wasSlow: () => node.suspect(new NoAnswer()),
    }));
    return firstAnswer(asked, signal, isNotInCharacterSet);
  }

  #inTurn(): DatabaseNode[] {
    const start = this.#turn++ % this.#nodes.length;
    return this.#wellFirst([...this.#nodes.slice(start), ...this.#nodes.slice(0, start)]);
  }

  #wellFirst(nodes: readonly DatabaseNode[]): DatabaseNode[] {
    return [...nodes.filter(isWell), ...nodes.filter((node) => !isWell(node))];
  }
}

const isWell = ({ trouble }: Pick<DatabaseNode, 'trouble'>): boolean => trouble === undefined;

function nameOf(url: string): string {
  const address = parseDatabaseUrl(url);
  return address.type === 'sqlite' ? 'file' : `${address.host}:${address.port}`;
}
