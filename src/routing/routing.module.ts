import type { DynamicModule } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { DecisionLog } from './decision-log.js';
import { RoutingController } from './routing.controller.js';
import { RoutingService } from './routing.service.js';

@Module({})
export class RoutingModule {
  /** @param lookup the module that exports `LookupService` */
  static forRoot(lookup: DynamicModule): DynamicModule {
    return {
      module: RoutingModule,
      imports: [AuthModule, lookup],
      controllers: [RoutingController],
      providers: [RoutingService, DecisionLog],
      exports: [RoutingService],
    };
  }
}
