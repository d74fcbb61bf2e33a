import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { eventually } from './eventually.js';
import { fixedPorts } from './fixed-ports.js';
import { stateTransfer } from './galera-transfer.js';
import type { StateTransfer } from './galera-transfer.js';
import { ServerProcess } from './mariadb-server.js';
import { folderOfRun } from './once-a-run.js';

/** One server of the cluster. */
export interface GaleraNode {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly name: string;
  /** Kills the process without warning. */
  kill(): Promise<void>;
  /** Starts it after `kill`: it gets the whole state from another node (SST), and is done when it has it. */
  rejoin(): Promise<void>;
  /** Stops the process in its tracks: connections stay open, nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Runs a statement as the user who may do anything. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** A status variable of the server. */
  status(name: string): Promise<string>;
  /** Waits until it is a synced member of a cluster of so many. */
  untilSynced(size: number): Promise<void>;
}

/** A MariaDB Galera cluster of the test's own: three servers on 127.0.0.1, their data in a temporary folder. */
export interface Galera {
  readonly nodes: readonly [GaleraNode, GaleraNode, GaleraNode];
  /** The empty database `smartrouting` on all of them, for a user who may do anything; `first` leads the list. */
  url(first?: number, database?: string): string;
  stop(): Promise<void>;
}

const PROVIDERS = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so'];
const CLUSTER = 'smartrouting-test';

export async function startGalera(): Promise<Galera> {
  const folder = await folderOfRun('galera');
  const library = PROVIDERS.find(existsSync);
  if (library === undefined) throw new Error('Galera is not installed: npm run test:servers installs it');
  const ports = await fixedPorts(12);
  const transfer = await stateTransfer(folder);
  const members = [0, 1, 2].map((index) => ports.slice(index * 4, index * 4 + 4));
  const address = `gcomm://${members.map(([, group]) => `127.0.0.1:${group}`).join(',')}`;
  const nodes = members.map(
    (own, index) => new Node(join(folder, `node${index + 1}`), own, address, library, transfer),
  ) as [Node, Node, Node];
  const [first, ...others] = nodes;
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.end()));
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all(nodes.map((node) => node.install()));
    await ownedByServer(folder);
    await first.bootstrap();
    await Promise.all(others.map((node) => node.start()));
    await Promise.all(nodes.map((node) => node.untilSynced(nodes.length)));
    await first.sql('CREATE DATABASE smartrouting');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    nodes,
    url: (lead = 0, database = 'smartrouting') => {
      const hosts = [...nodes.slice(lead), ...nodes.slice(0, lead)].map(({ name }) => name);
      return `mysql://root@${hosts.join(',')}/${database}`;
    },
    stop,
  };
}

class Node implements GaleraNode {
  readonly port: number;
  readonly name: string;
  readonly dataFolder: string;
  readonly #server: ServerProcess;

  constructor(
    folder: string,
    [port, group, transfer, increment]: readonly number[],
    cluster: string,
    library: string,
    { method, programs }: StateTransfer,
  ) {
    this.port = port!;
    this.name = `127.0.0.1:${port}`;
    this.dataFolder = join(folder, 'data');
    const options = [
      '--innodb-autoinc-lock-mode=2',
      '--binlog-format=ROW',
      '--wsrep-on=ON',
      `--wsrep-provider=${library}`,
      `--wsrep-cluster-name=${CLUSTER}`,
      `--wsrep-cluster-address=${cluster}`,
      `--wsrep-node-name=${port}`,
      `--wsrep-node-address=127.0.0.1:${group}`,
      `--wsrep-sst-method=${method}`,
      `--wsrep-sst-receive-address=127.0.0.1:${transfer}`,
      `--wsrep-provider-options=gmcast.listen_addr=tcp://127.0.0.1:${group};ist.recv_addr=127.0.0.1:${increment};gcache.size=8M;gcache.page_size=8M;evs.suspect_timeout=PT3S;pc.recovery=no`,
    ];
    this.#server = new ServerProcess(folder, this.port, options, SERVER_USER, programs);
  }

  install(): Promise<void> {
    return this.#server.install();
  }

  /** A cluster of one. */
  async bootstrap(): Promise<void> {
    await this.#server.start(['--wsrep-new-cluster']);
    await this.untilSynced(1);
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  async kill(): Promise<void> {
    await this.#server.kill();
  }

  async rejoin(): Promise<void> {
    await this.#server.start();
    await this.untilSynced(3);
  }

  freeze(): void {
    this.#server.freeze();
  }

  thaw(): void {
    this.#server.signal('SIGCONT');
  }

  async end(): Promise<void> {
    this.thaw();
    await this.#server.end();
  }

  async sql(text: string): Promise<Record<string, unknown>[]> {
    const connection = await createConnection({ host: '127.0.0.1', port: this.port, user: 'root' });
    try {
      const [rows] = await connection.query<never>(text);
      return rows;
    } finally {
      await connection.end();
    }
  }

  async status(name: string): Promise<string> {
    const [row] = await this.sql(`SHOW GLOBAL STATUS LIKE '${name}'`);
    return String(row?.['Value']);
  }

  async untilSynced(size: number): Promise<void> {
    await eventually(async () => {
      const state = await this.status('wsrep_local_state_comment');
      const found = state === 'Synced' ? Number(await this.status('wsrep_cluster_size')) : 0;
      if (found !== size) throw new Error(`${this.name} is ${state} in a cluster of ${found}, not ${size}`);
    });
  }
}

/** The rsync of a state transfer refuses to write as root, and so does a careful server. */
const isRoot = userInfo().uid === 0;
const SERVER_USER = isRoot ? 'mysql' : userInfo().username;

async function ownedByServer(folder: string): Promise<void> {
  if (isRoot) await promisify(execFile)('chown', ['-R', SERVER_USER, folder]);
}
