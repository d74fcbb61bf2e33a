import { Injectable } from '@nestjs/common';
import { MetricsService } from '../observability/metrics.service.js';

/** Whether this instance takes calls: not yet while starting, no longer when it is about to stop. */
@Injectable()
export class Readiness {
  state: 'starting' | 'ready' | 'stopping' = 'starting';

  constructor(metrics: MetricsService) {
    metrics.measure('smartrouting_ready', () => Number(this.state === 'ready'));
  }
}
