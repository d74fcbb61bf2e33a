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

export interface WorldOptions {
  /** Two of them stand behind a balancer. Default: 1. */
  readonly instances?: 1 | 2;
  /** Adds the plug-in that misbehaves, in front of all others. */
  readonly heavy?: boolean;
  /** Limit of the old generation, in MiB. */
  readonly heapMiB?: number;
  /** Every provider is broken when the service starts: no list file, no CRM; the caller has seen to the database. */
  readonly broken?: boolean;
}

/** The service in a process of its own with three providers, as an operator would set it up, and the phone system that calls it. */
export class World {
  readonly services: Program[] = [];
  balancer: Balancer | undefined;
  phones!: PhoneSystem;
  /** Of the first instance, past any balancer. */
  serviceUrl!: URL;
  /** Of the instances' processes. */
  pids: number[] = [];
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
      await world.#start();
    } catch (error) {
      await world.stop();
      throw error;
    }
    return world;
  }

  get list(): string {
    return this.path('vips.csv');
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
    this.services.forEach((service) => service.signal('SIGUSR2'));
  }

  async stop(): Promise<void> {
    this.phones?.close();
    await this.balancer?.stop();
    this.services.forEach((service) => service.signal('SIGKILL'));
    await Promise.all(this.services.map(({ finished }) => finished));
    await this.crm.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    if (this.options.broken) await this.crm.refuse();
    else await writeFile(this.list, this.listText());
    await writeFile(this.path('smartrouting.yaml'), this.#config());
    const urls = await Promise.all(
      Array.from({ length: this.options.instances ?? 1 }, async () => {
        const service = new Program('dist/main.js', [], this.#environment());
        this.services.push(service);
        const [, url] = await service.until(/"url":"(http:[^"]+)"/);
        return new URL(url!);
      }),
    );
    this.serviceUrl = urls[0]!;
    this.pids = (await readFile(this.path('pids'), 'utf8')).trim().split('\n').map(Number);
    if (urls.length > 1) this.balancer = await new Balancer(urls).start();
    this.phones = new PhoneSystem(this.balancer?.url ?? urls[0]!);
  }

  #environment(): Record<string, string> {
    const { heapMiB } = this.options;
    return {
      SMARTROUTING_CONFIG: this.path('smartrouting.yaml'),
      DATABASE_URL: `sqlite:${this.path('own.sqlite')}`,
      NODE_EXTRA_CA_CERTS: this.authority,
      NODE_OPTIONS: `--import ${LEVERS}${heapMiB === undefined ? '' : ` --max-old-space-size=${heapMiB}`}`,
      FAULT_LEVERS: this.path('levers.json'),
      FAULT_PIDS: this.path('pids'),
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
