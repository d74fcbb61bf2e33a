import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { describeMethod } from '../common/openapi.js';
import { MetricsController } from '../observability/metrics.controller.js';
import { HealthController } from './health.controller.js';

const operation = (summary: string, description: string) => ApiOperation({ summary, description });

ApiTags('operations')(HealthController);
describeMethod(HealthController, 'live', operation('Liveness', '200 while the process answers.'));
describeMethod(
  HealthController,
  'ready',
  operation(
    'Readiness',
    '200 when the instance takes calls. A dead CRM or database does not change that: it still answers 204 in time.',
  ),
  ApiResponse({ status: 200, description: 'Takes calls.' }),
  ApiResponse({ status: 503, description: 'Starting, or about to stop.' }),
);
describeMethod(
  HealthController,
  'health',
  operation(
    'Health in detail',
    'One key per provider, and one each for the build, the configuration and the load. 200 unless the instance cannot answer calls.',
  ),
);
ApiTags('operations')(MetricsController);
describeMethod(MetricsController, 'read', operation('Prometheus metrics', 'Text exposition format.'));
