import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The service's own list of VIPs. A number may have several rows, for other targets or other times.
 * `number` is compared exactly, so it has a binary collation and holds what `VipRecord.number` holds: E.164, a range
 * such as `+3589123*`, or text. Dates are ISO 8601 text, as in a CSV list: a date without a time is the whole day.
 */
export class CreateVipCaller1767225600000 implements MigrationInterface {
  name = 'CreateVipCaller1767225600000';

  async up(queryRunner: QueryRunner): Promise<void> {
    if (queryRunner.dataSource.options.type === 'better-sqlite3') {
      await queryRunner.query(`
        CREATE TABLE vip_caller (
          id INTEGER PRIMARY KEY,
          number TEXT NOT NULL,
          tier TEXT NOT NULL,
          name TEXT,
          targets TEXT,
          valid_from TEXT,
          valid_until TEXT,
          attributes TEXT,
          instructions TEXT,
          created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
          updated_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
        )`);
      await queryRunner.query('CREATE INDEX ix_vip_caller_number ON vip_caller (number)');
      return;
    }
    // A server commits at each CREATE: after a crash the table may exist although the migration is not recorded.
    await queryRunner.query(`
      CREATE TABLE IF NOT EXISTS vip_caller (
        id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
        number VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
        tier VARCHAR(64) NOT NULL,
        name VARCHAR(200),
        targets MEDIUMTEXT,
        valid_from VARCHAR(40),
        valid_until VARCHAR(40),
        attributes MEDIUMTEXT,
        instructions MEDIUMTEXT,
        created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
        updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
        INDEX ix_vip_caller_number (number)
      ) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 ROW_FORMAT = DYNAMIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE vip_caller');
  }
}
