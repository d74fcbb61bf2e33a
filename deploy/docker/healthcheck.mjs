/**
 * `HEALTHCHECK` of the image, which has no curl: exit code 0 while `HEALTHCHECK_URL`, or this container's readiness,
 * answers 200, otherwise 1 with the reason.
 * The address is this container's own, whose certificate has another name: it is not verified.
 */
import { get as getHttp } from 'node:http';
import { get as getHttps } from 'node:https';

const { HEALTHCHECK_URL, MANAGEMENT_PORT, PORT } = process.env;
const url = HEALTHCHECK_URL || `http://127.0.0.1:${MANAGEMENT_PORT || PORT || 3000}/health/ready`;
const fail = (reason) => {
  console.error(`${url}: ${reason}`);
  process.exit(1);
};
const get = url.startsWith('https:') ? getHttps : getHttp;
get(url, { rejectUnauthorized: false, timeout: 2_000 }, ({ statusCode }) =>
  statusCode === 200 ? process.exit(0) : fail(`HTTP ${statusCode}`),
)
  .on('timeout', () => fail('no answer within 2 s'))
  .on('error', ({ code }) => fail(code));
