import type LibsqlDatabase from 'libsql';
import type * as Mysql from 'mysql2';
import { createRequire } from 'node:module';
import type * as Postgres from 'pg';
import type * as TypeOrm from 'typeorm';

const load = createRequire(import.meta.url);

// They take a third of a second to load, which a service without a database saves.
export const typeorm = (): typeof TypeOrm => load('typeorm') as typeof TypeOrm;
export const mysql = (): typeof Mysql => load('mysql2') as typeof Mysql;
export const postgres = (): typeof Postgres => load('pg') as typeof Postgres;
export const libsql = (): typeof LibsqlDatabase => load('libsql') as typeof LibsqlDatabase;
