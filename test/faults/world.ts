import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '../support/process.js';
import { Balancer } from './balancer.js';
import { LIST_ENTRIES, nameOf, numberOf } from './callers.js';
import { makeCertificates } from './certificates.js';
import { CrmFront } from './crm-front.js';
import type { CustomersDatabase } from './customers-database.js';
import { DEADLINE_MS } from './load.js';
import { KEY, PhoneSystem } from './phone-system.js';

const LEVERS = new URL('./levers.mjs', import.meta.url).href;
const HEAVY = fileURLToPath(new URL('./heavy-plugin.mjs', import.meta.url));
/** More than the deadline and what is allowed besides: the deadline must be what ends a call while the CRM hangs. */
export const CRM_TIMEOUT_MS = 2_500;

export interface WorldOptions {
  /** Adds the plug-in that misbehaves, in front of all others. */
  readonly heavy?: boolean;
  /** Limit of the old generation, in MiB. */
  readonly heapMiB?: number;
  /** Every provider is broken when the service starts. */
  readonly isBroken?: boolean;
}

/** One process of the service. */
export interface Instance {
  readonly program: Program;
  readonly url: URL;
  readonly pid: number;
}

/** The service in a process of its own with three providers, as an operator would set it up, and the phone system that calls it. */
export class World {
  /** Those that live. */
  readonly instances: Instance[] = [];
  balancer: Balancer | undefined;
  phones!: PhoneSystem;
  #started = 0;
  #levers = {};

  private constructor(
    readonly folder: string,
    readonly database: CustomersDatabase,
    readonly crm: CrmFront,
    private readonly authority: string,
    private readonly options: WorldOptions,
  ) {}

  static async start(database: CustomersDatabase, options: WorldOptions): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'smartrouting-faults-'));
    const certificates = await makeCertificates(folder);
    const crm = await new CrmFront(certificates).start();
    const world = new World(folder, database, crm, certificates.authority, options);
    try {
      if (options.isBroken) await Promise.all([crm.refuse(), database.server.kill()]);
      else await writeFile(world.list, world.listText());
      await writeFile(world.path('smartrouting.yaml'), world.#config());
      world.phones = new PhoneSystem((await world.#add()).url);
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  get list(): string {
    return this.path('vips.csv');
  }

  /** Of the first instance, past any balancer. */
  get serviceUrl(): URL {
    return this.instances[0]!.url;
  }

  get pids(): number[] {
    return this.instances.map(({ pid }) => pid);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** A whole VIP list; `comment` makes one version differ from another. */
  listText(comment = ''): string {
    const row = (index: number): string =>
      `${numberOf('list', index)},gold,${nameOf('list', index)},${comment}`;
    return [
      'number,tier,name,remark',
      ...Array.from({ length: LIST_ENTRIES }, (_, index) => row(index)),
      '',
    ].join('\n');
  }

  /** Changes the service's surroundings; see levers.mjs. */
  async pull(levers: { readonly clockMs?: number; readonly dns?: 'ok' | 'gone' }): Promise<void> {
    this.#levers = { ...this.#levers, ...levers };
    await writeFile(this.path('levers.json'), JSON.stringify(this.#levers));
    this.instances.forEach(({ program }) => program.signal('SIGUSR2'));
  }

  /** What the first instance's `/health` says of a provider. */
  async healthOf(provider: string): Promise<string> {
    const answer = await fetch(new URL('/health', this.serviceUrl));
    const { details } = (await answer.json()) as { details: Record<string, { status: string }> };
    return details[provider]!.status;
  }

  /** What the service's clock said when the levers were last pulled; milliseconds. */
  async clockMs(): Promise<number> {
    return Number(await readFile(this.path('clock'), 'utf8'));
  }

  /** Whether names were looked up, in vain, while there were none. */
  hasAskedForNames(): boolean {
    return existsSync(this.path('names-gone'));
  }

  /** From now on calls go to so many instances, by way of a balancer of their own. */
  async standBehindBalancer(count: number): Promise<void> {
    const missing = Math.max(0, count - this.instances.length);
    await Promise.all(Array.from({ length: missing }, () => this.#add()));
    this.phones.close();
    await this.balancer?.stop();
    this.balancer = await new Balancer(this.instances.map(({ url }) => url)).start();
    this.phones = new PhoneSystem(this.balancer.url);
  }

  /** Waits for the end of an instance, which then is none any more. @returns its exit status */
  async ended(instance: Instance): Promise<number | null> {
    const { code } = await instance.program.finished;
    this.instances.splice(this.instances.indexOf(instance), 1);
    return code;
  }

  async stop(): Promise<void> {
    this.phones?.close();
    await this.balancer?.stop();
    this.instances.forEach(({ program }) => program.signal('SIGKILL'));
    await Promise.all(this.instances.map(({ program }) => program.finished));
    await this.crm.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #add(): Promise<Instance> {
    const name = `${++this.#started}`;
    const program = new Program('dist/main.js', [], this.#environment(name));
    const [, url] = await program.until(/"url":"(http:[^"]+)"/);
    const pid = Number(await readFile(this.path(`${name}.pid`), 'utf8'));
    const instance = { program, url: new URL(url!), pid };
    this.instances.push(instance);
    return instance;
  }

  #environment(name: string): Record<string, string> {
    const { heapMiB } = this.options;
    return {
      SMARTROUTING_CONFIG: this.path('smartrouting.yaml'),
      DATABASE_URL: `sqlite:${this.path('own.sqlite')}`,
      NODE_EXTRA_CA_CERTS: this.authority,
      NODE_OPTIONS: `--import ${LEVERS}${heapMiB === undefined ? '' : ` --max-old-space-size=${heapMiB}`}`,
      FAULT_LEVERS: this.path('levers.json'),
      FAULT_PID: this.path(`${name}.pid`),
      FAULT_CLOCK: this.path('clock'),
      FAULT_NAMES: this.path('names-gone'),
    };
  }

  #config(): string {
    const { heavy } = this.options;
    return `
country: FI
server: { port: 0 }
credentials: [{ id: core, apiKey: ${KEY} }]
providers:
  list: { kind: static-file, file: ./vips.csv }
${heavy ? '  heavy: { kind: heavy }' : ''}
  database:
    kind: database
    connection: ${this.database.url}
    table: customers
    columns: { number: phone, tier: tier, name: full_name }
    cache: { ttl: 1s, negativeTtl: 1s, staleIfError: 24h }
  crm:
    kind: crm-http
    url: ${this.crm.url}/contacts?phone={{ number }}
    record: 'contacts.{ "number": phone, "tier": tier, "name": name }'
    timeout: ${CRM_TIMEOUT_MS}ms
    cache: { ttl: 1s, negativeTtl: 1s, staleIfError: 24h }
${heavy ? `plugins: ['${HEAVY}']` : ''}
targets:
  SALES_QUEUE:
    providers: [${heavy ? 'heavy, ' : ''}list, database, crm]
    deadline: ${DEADLINE_MS}ms
    routes: [{ instructions: { InitialTarget: VIP_SALES, ExtraPriority: 20, Greeting: '{{ name }}' } }]
`;
  }
}
