import { Controller, Get, HttpException, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { HealthIndicatorFunction, HealthIndicatorResult } from '@nestjs/terminus';
import { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import type { Response } from 'express';
import type { AppConfig } from '../config/app-config.js';
import { APP_CONFIG } from '../config/app-config.js';
import { ConfigStatus } from '../config/config-status.js';
import { certificateTrouble } from '../http/certificate-period.js';
import type { GuardedProvider } from '../lookup/guarded-provider.js';
import { ProviderRegistry } from '../lookup/provider-registry.js';
import { LoadMeter } from '../observability/load-meter.js';
import { Readiness } from './readiness.js';

/** What monitors and operations ask, without credentials: so no secret, no number and no driver text is in the answers. */
@ApiTags('operations')
@Controller('health')
export class HealthController {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly registry: ProviderRegistry,
    private readonly readiness: Readiness,
    private readonly meter: LoadMeter,
    private readonly status: ConfigStatus,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  @Get('live')
  @ApiOperation({ summary: 'Liveness', description: '200 while the process answers.' })
  live(@Res() response: Response): void {
    send(response, 200, { status: 'ok', info: {}, error: {}, details: {} });
  }

  @Get('ready')
  @ApiOperation({
    summary: 'Readiness',
    description:
      '200 when the instance takes calls. A dead CRM or database does not change that: it still answers 204 in time.',
  })
  @ApiResponse({ status: 200, description: 'Takes calls.' })
  @ApiResponse({ status: 503, description: 'Starting, or about to stop.' })
  async ready(@Res() response: Response): Promise<void> {
    await this.#answer(response, [() => this.#server()]);
  }

  @Get()
  @ApiOperation({
    summary: 'Health in detail',
    description:
      'One key per provider, one for the configuration and one for the load. 200 unless the instance cannot answer calls.',
  })
  async health(@Res() response: Response): Promise<void> {
    const providers = [...this.registry.all()].map((provider) => () => this.#provider(provider));
    await this.#answer(response, [() => this.#configuration(), () => this.#load(), ...providers]);
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
    return state === 'ready' ? indicator.up() : indicator.down({ reason: `the server is ${state}` });
  }

  #configuration(): HealthIndicatorResult {
    const indicator = this.indicators.check('configuration');
    const { certificate } = this.status;
    const inUse = {
      loadedAt: this.status.loadedAt,
      providers: this.config.providers.size,
      targets: this.config.targets.size,
      warnings: this.config.warnings.length,
      ...(certificate && { certificateValidUntil: new Date(certificate.validUntilMs).toISOString() }),
    };
    const trouble = certificate && certificateTrouble(certificate, Date.now());
    const troubles = [...this.status.refused.values()];
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
  response.status(status).json(body);
}
