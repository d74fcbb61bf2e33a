import { NotFoundException } from '@nestjs/common';
import type { Express, Request } from 'express';
import { Router } from 'express';
import { RESERVED_PATHS } from '../config/rules.js';

/**
 * Makes the addresses of the service itself answer on the management port only, and all others on the main port only;
 * elsewhere they are 404. Express compares the paths here just as it does for the routes, so there is no spelling of a
 * path that passes here and means another there.
 * @param app that has no routes yet
 */
export function separatePorts(app: Express, isManagement: (request: Request) => boolean): void {
  const gate = Router();
  gate.use([...RESERVED_PATHS], (request, _response, next) => {
    next(isManagement(request) ? 'router' : new NotFoundException());
  });
  gate.use((request, _response, next) => {
    next(isManagement(request) ? new NotFoundException() : undefined);
  });
  app.use(gate);
}
