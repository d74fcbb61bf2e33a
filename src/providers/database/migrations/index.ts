import type { MigrationInterface } from 'typeorm';
import { CreateVipCaller1767225600000 } from './1767225600000-create-vip-caller.js';

/** All migrations of the service's own table, oldest first. */
export const MIGRATIONS: readonly (new () => MigrationInterface)[] = [CreateVipCaller1767225600000];
