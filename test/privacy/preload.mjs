// Loaded before the service in every process that a test starts: records what only that process sees.
import { addConfiguration, Recording, recordCredentialsSent, recordServers } from './recorder.mjs';
import { join } from 'node:path';

const folder = new URL(import.meta.url).searchParams.get('folder');
const recording = new Recording(join(folder, `process-${process.pid}.jsonl`));
const configFile = process.env.SMARTROUTING_CONFIG ?? 'config/smartrouting.yaml';
recording.add('process', { args: process.argv.slice(1) });
addConfiguration(recording, configFile, process.env);
recordServers(recording, () => true);
recordCredentialsSent(recording);
// A reload may have brought other secrets.
process.on('exit', () => addConfiguration(recording, configFile, process.env));
