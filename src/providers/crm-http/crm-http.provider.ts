import examples from 'libphonenumber-js/mobile/examples';
import { getExampleNumber } from 'libphonenumber-js/max';
import type { CountryCode } from 'libphonenumber-js/max';
import {
  bySpecificity,
  Caller,
  isWithheldNumber,
  MAX_NUMBER_LENGTH,
  VipLookup,
  VipLookupError,
} from '../../plugin-api/index.js';
import type {
  ProviderContext,
  ProviderStatus,
  VipAnswer,
  VipLookupProvider,
  VipRecord,
} from '../../plugin-api/index.js';
import { RecordMapping } from './crm-http.mapping.js';
import { CrmHttpOptions, DEFAULTS } from './crm-http.options.js';
import { RequestTemplate } from './crm-http.request.js';
import type { CrmRequest } from './crm-http.request.js';
import { readSize } from './crm-http.rules.js';
import { spellingsOf } from './crm-http.templates.js';
import { CrmTransport, MAX_LOOKUPS } from './crm-http.transport.js';
import { splitUrl } from './crm-http.url.js';

/** Reserved for fiction in North America: nobody's number. Asked for in health checks where no country is configured. */
const NOBODYS_NUMBER = '+12025550123';

/** Asks a CRM, or any other JSON API over HTTP, who is calling. */
@VipLookup({ kind: 'crm-http', options: CrmHttpOptions })
export class CrmHttpProvider implements VipLookupProvider {
  /** Who waits for a connection waits for its turn, and that is no fault of the CRM. */
  readonly maxConcurrent = MAX_LOOKUPS;
  readonly #template: RequestTemplate;
  readonly #mapping: RecordMapping;
  readonly #transport: CrmTransport;

  constructor(private readonly context: ProviderContext<CrmHttpOptions>) {
    const { options } = context;
    this.#template = new RequestTemplate(options);
    this.#mapping = new RecordMapping(options.record, options.errorPath);
    this.#transport = new CrmTransport(
      splitUrl(options.url)!.origin,
      options.notFound?.status ?? DEFAULTS.notFoundStatus,
      readSize(options.maxResponseSize ?? DEFAULTS.maxResponseSize)!,
    );
  }

  /** Makes a connection, so that the first call need not. */
  async open(): Promise<void> {
    await this.#transport.warm();
  }

  async lookup(caller: Caller, signal: AbortSignal): Promise<VipAnswer> {
    for (const request of this.#requests(caller)) {
      const records = await this.#ask(request, caller, signal);
      if (records.length > 0) return records.sort(bySpecificity);
    }
    return null;
  }

  /** Asks the lookup's own question about a number that is expected to be nobody's; any answer that can be read is well. */
  async check(signal: AbortSignal): Promise<ProviderStatus> {
    const probe = Caller.read(this.#probe(), this.context.country);
    const [request] = this.#requests(probe);
    if (request === undefined) {
      throw new VipLookupError(
        'the number that health checks ask for has none of the spellings that the request needs; set probe to a number of your country',
      );
    }
    await this.#ask(request, probe, signal);
    return { status: 'up' };
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** The requests that look for this caller, in order; none for a caller that cannot be looked for. */
  #requests(caller: Caller): CrmRequest[] {
    if (isWithheldNumber(caller.text) || caller.text.length > MAX_NUMBER_LENGTH) return [];
    const numbers = caller.spellings(this.context.options.spellings ?? DEFAULTS.spellings);
    const known = spellingsOf(caller);
    return (this.#template.usesNumber ? numbers : numbers.slice(0, 1))
      .map((number) => this.#template.fill({ number, caller: known }))
      .filter((request) => request !== undefined);
  }

  async #ask(request: CrmRequest, caller: Caller, signal: AbortSignal): Promise<VipRecord[]> {
    const answer = await this.#transport.ask(request, signal);
    return answer === undefined ? [] : this.#mapping.read(answer, caller, this.context.country);
  }

  #probe(): string {
    const { options, country } = this.context;
    const example = country === undefined ? undefined : getExampleNumber(country as CountryCode, examples);
    return options.probe ?? example?.number ?? NOBODYS_NUMBER;
  }
}
