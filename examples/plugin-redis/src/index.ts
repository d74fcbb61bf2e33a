export { RedisOptions } from './redis.options.js';
export { RedisProvider } from './redis.provider.js';
