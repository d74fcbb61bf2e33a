import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DecisionListeners } from './decision-listeners.js';
import { EntryCensus } from './entry-census.js';
import { RoutingController } from './routing.controller.js';
import { RoutingService } from './routing.service.js';

@Module({
  imports: [AuthModule],
  controllers: [RoutingController],
  providers: [RoutingService, DecisionListeners, EntryCensus],
  exports: [RoutingService, DecisionListeners, EntryCensus],
})
export class RoutingModule {}
