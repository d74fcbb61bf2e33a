// Loaded into a process of a test, so that its memory can be measured without what is only not collected yet.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
process.on('SIGUSR2', runInNewContext('gc'));
