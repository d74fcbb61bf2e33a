import type { MigrationInterface, QueryRunner } from 'typeorm';
import { dialectOf } from '../select.js';

const TYPES = {
  sqlite: { name: 'TEXT', text: 'TEXT', end: 'WITHOUT ROWID' },
  mysql: {
    name: 'VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    text: 'MEDIUMTEXT',
    end: 'ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 ROW_FORMAT = DYNAMIC',
  },
  postgres: { name: 'VARCHAR(100) COLLATE "C"', text: 'TEXT', end: '' },
} as const;

/**
 * What providers store: texts under their own keys (`provider_state`), and which instance is doing something that
 * only one may do at a time (`provider_lease`). `expires_ms` is milliseconds since the epoch by the clock of the
 * database.
 */
export class CreateProviderState1767312000000 implements MigrationInterface {
  name = 'CreateProviderState1767312000000';

  async up(queryRunner: QueryRunner): Promise<void> {
    const { name, text, end } = TYPES[dialectOf(queryRunner.dataSource)];
    // MySQL commits at each CREATE: after a crash a table may exist although the migration is not recorded.
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS provider_state (
        provider ${name} NOT NULL,
        name ${name} NOT NULL,
        version BIGINT NOT NULL,
        content ${text} NOT NULL,
        PRIMARY KEY (provider, name)
      ) ${end}`);
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS provider_lease (
        provider ${name} NOT NULL,
        name ${name} NOT NULL,
        owner ${name} NOT NULL,
        expires_ms BIGINT NOT NULL,
        PRIMARY KEY (provider, name)
      ) ${end}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE provider_lease');
    await queryRunner.query('DROP TABLE provider_state');
  }
}
