import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { Problem } from './problem.js';

/** Lets only GET and HEAD through. */
export const getOnly: RequestHandler = ({ method }, _, next) => {
  if (method === 'GET' || method === 'HEAD') return next();
  throw new Problem(405, 'ask with GET', { headers: { Allow: 'GET, HEAD' } });
};

/** The files of Swagger UI's package that its page uses. Others tell versions, and folders would be redirected to. */
const PAGE_FILES = new Set([
  '/',
  '/index.html',
  '/swagger-ui.css',
  '/swagger-ui-bundle.js',
  '/swagger-ui-standalone-preset.js',
  '/swagger-ui-init.js',
  '/favicon-16x16.png',
  '/favicon-32x32.png',
]);

/** For the path of the page: lets only the page and its files through. */
export const pageFilesOnly: RequestHandler = ({ path }, _, next) => {
  if (!PAGE_FILES.has(path)) throw new Problem(404);
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
