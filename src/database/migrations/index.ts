import type { MigrationInterface } from 'typeorm';
import { CreateVipCaller1767225600000 } from './1767225600000-create-vip-caller.js';
import { CreateProviderState1767312000000 } from './1767312000000-create-provider-state.js';

/** All migrations of the service's own tables, oldest first. */
export const MIGRATIONS: readonly (new () => MigrationInterface)[] = [
  CreateVipCaller1767225600000,
  CreateProviderState1767312000000,
];
