import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { Problem } from './problem.js';

/** The answer to any other method than GET and HEAD, where only these are served. */
export function refuseOtherMethods(): never {
  throw new Problem(405, 'ask with GET', { headers: { Allow: 'GET, HEAD' } });
}

/** Lets only GET and HEAD through to what is served without a controller. */
export const getOnly: RequestHandler = ({ method }, _, next) => {
  if (method !== 'GET' && method !== 'HEAD') refuseOtherMethods();
  next();
};

/**
 * Headers for pages that browsers show. Swagger UI has styles in its page and icons in `data:` URLs, and asks this service.
 * What would change other pages of the host, or need TLS, is left to whoever looks after the host.
 */
export const securePage: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  frameguard: { action: 'deny' },
  crossOriginOpenerPolicy: false,
  originAgentCluster: false,
  strictTransportSecurity: false,
});
