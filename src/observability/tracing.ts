import type { OnApplicationShutdown } from '@nestjs/common';
import { Inject, Injectable } from '@nestjs/common';
import { LiveConfig } from '../config/live-config.js';
import type { CallTracer } from './tracer.js';
import type { Logger } from './logger.js';
import { LOGGER } from './logger.js';
import type { ObservabilityConfig } from './logging.config.js';

/**
 * Traces of calls, off unless the environment asks for them. While they are off, the OpenTelemetry SDK is not even
 * loaded.
 */
@Injectable()
export class Tracing implements OnApplicationShutdown {
  /** `undefined`: off. */
  calls: CallTracer | undefined;

  constructor(
    private readonly config: LiveConfig<ObservabilityConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call it before calls come; the command line does not. */
  async start(): Promise<void> {
    const { tracing, server } = this.config.current;
    if (tracing === undefined) return;
    const { startTracer } = await import('./tracer.js');
    this.calls = startTracer({
      ...tracing,
      path: server.path,
      scheme: server.tls ? 'https' : 'http',
      logger: this.logger,
    });
    this.logger.info('tracing is on; spans are exported to the collector that the environment names');
  }

  async onApplicationShutdown(): Promise<void> {
    await this.calls?.stop();
  }
}
