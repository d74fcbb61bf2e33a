import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DecisionLog } from './decision-log.js';
import { EntryCensus } from './entry-census.js';
import { RoutingController } from './routing.controller.js';
import { RoutingService } from './routing.service.js';

@Module({
  imports: [AuthModule],
  controllers: [RoutingController],
  providers: [RoutingService, DecisionLog, EntryCensus],
  exports: [RoutingService, EntryCensus],
})
export class RoutingModule {}
