import { NotFoundException } from '@nestjs/common';
import type { Express, Request } from 'express';
import { Router } from 'express';
import { RESERVED_PATHS } from '../config/rules.js';

/**
 * Makes the paths of the service itself answer on the management port only, and all others on the main port only;
 * elsewhere they are 404. Express compares the paths here exactly as for the routes, so no spelling of a path can
 * pass here and reach another route.
 * @param app without routes so far
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
