import { Controller, Get, HttpException, Res } from '@nestjs/common';
import type { HealthIndicatorFunction, HealthIndicatorResult } from '@nestjs/terminus';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Response } from 'express';
import { COMMIT, VERSION } from '../common/version.js';
import { ConfigStatus } from '../config/config-status.js';
import type { Refused } from '../config/config-status.js';
import { LiveConfig } from '../config/live-config.js';
import { certificateTrouble } from '../http/certificate-period.js';
import type { GuardedProvider } from '../lookup/guarded-provider.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { LoadMeter } from '../observability/load-meter.js';
import { Readiness } from './readiness.js';

const HEALTH_REASON = 'the server is';

/** What is shown of the configuration: only counts, and a hash without secrets. */
interface ShownConfig {
  readonly providers: ReadonlyMap<string, unknown>;
  readonly targets: ReadonlyMap<string, unknown>;
  readonly warnings: readonly string[];
  readonly hash: string;
}

/** For monitors and operators, without credentials: so the answers contain no secrets, numbers or driver texts. */
@Controller('health')
export class HealthController {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly registry: ProviderRegistry,
    private readonly readiness: Readiness,
    private readonly meter: LoadMeter,
    private readonly status: ConfigStatus,
    private readonly config: LiveConfig<ShownConfig>,
  ) {}

  @Get('live')
  live(@Res() response: Response): void {
    send(response, 200, { status: 'ok', info: {}, error: {}, details: {} });
  }

  @Get('ready')
  async ready(@Res() response: Response): Promise<void> {
    await this.#answer(response, [() => this.#server()]);
  }

  @Get()
  async health(@Res() response: Response): Promise<void> {
    const providers = [...this.registry.all()].map((provider) => () => this.#provider(provider));
    await this.#answer(response, [
      () => this.#build(),
      () => this.#configuration(),
      () => this.#load(),
      ...providers,
    ]);
  }

  async #answer(response: Response, indicators: HealthIndicatorFunction[]): Promise<void> {
    try {
      send(response, 200, await this.terminus.check(indicators));
    } catch (error) {
      if (!(error instanceof HttpException)) throw error;
      send(response, error.getStatus(), error.getResponse());
    }
  }

  #server(): HealthIndicatorResult {
    const { state } = this.readiness;
    const indicator = this.indicators.check('server');
    return state === 'ready' ? indicator.up() : indicator.down({ reason: `${HEALTH_REASON} ${state}` });
  }

  #build(): HealthIndicatorResult {
    return this.indicators.check('build').up({ version: VERSION, commit: COMMIT });
  }

  #configuration(): HealthIndicatorResult {
    const config = this.config.current;
    const indicator = this.indicators.check('configuration');
    const { certificate } = this.status;
    const inUse = {
      hash: config.hash,
      loadedAt: this.status.loadedAt,
      providers: config.providers.size,
      targets: config.targets.size,
      warnings: config.warnings.length,
      ...(certificate && { certificateValidUntil: new Date(certificate.validUntilMs).toISOString() }),
    };
    const trouble = certificate && certificateTrouble(certificate, Date.now());
    const troubles: Pick<Refused, 'reason' | 'since'>[] = [...this.status.refused.values()];
    if (trouble) {
      troubles.push({ reason: trouble.reason, since: new Date(trouble.sinceMs).toISOString() });
    }
    if (troubles.length === 0) return indicator.up(inUse);
    const reason = troubles.map((one) => one.reason).join('; ');
    return indicator.degraded({ reason, since: troubles.map((one) => one.since).sort()[0], ...inUse });
  }

  #load(): HealthIndicatorResult {
    const { load } = this.meter;
    const indicator = this.indicators.check('load');
    return load.reason === undefined ? indicator.up({ ...load }) : indicator.degraded({ ...load });
  }

  async #provider(provider: GuardedProvider): Promise<HealthIndicatorResult> {
    const { status, ...data } = await provider.health();
    const indicator = this.indicators.check(provider.name);
    return status === 'up' ? indicator.up(data) : indicator.degraded(data);
  }
}

function send(response: Response, status: number, body: unknown): void {
  response.setHeader('Cache-Control', 'no-store');
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.status(status).json(body);
}
