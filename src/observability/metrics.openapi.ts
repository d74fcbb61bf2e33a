import { ApiExcludeEndpoint, ApiOperation, ApiTags } from '@nestjs/swagger';
import { describeMethod } from '../common/openapi.js';
import { MetricsController } from './metrics.controller.js';

ApiTags('operations')(MetricsController);
describeMethod(
  MetricsController,
  'read',
  ApiOperation({ summary: 'Prometheus metrics', description: 'Text exposition format.' }),
);
describeMethod(MetricsController, 'refuseOtherMethods', ApiExcludeEndpoint());
