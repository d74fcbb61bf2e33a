import type { RequestHandler } from 'express';
import helmet from 'helmet';
import { Problem } from './problem.js';

export const getOnly: RequestHandler = ({ method }, _, next) => {
  if (method === 'GET' || method === 'HEAD') return next();
  throw new Problem(405, 'ask with GET', { headers: { Allow: 'GET, HEAD' } });
};

/** The files of Swagger UI's package that its page uses. Others reveal versions, and folders would cause redirects. */
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

/** For the path of the page: admits only the page and its files. */
export const pageFilesOnly: RequestHandler = ({ path }, _, next) => {
  if (!PAGE_FILES.has(path)) throw new Problem(404);
  next();
};

/**
 * Headers for pages that browsers show. Swagger UI has inline styles and icons in `data:` URLs, and sends requests to
 * this service. Headers that affect other pages of the host, or need TLS, are left to the host's administrator.
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
