import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IS_LONG } from './length.js';

/**
 * What MariaDB runs on both sides when a node needs another one's state. It does what the `rsync` method does, which is the one of
 * the long form, for nodes that share a disk: rsync's own scripts start some hundred programs a time.
 * https://galeracluster.com/documentation/scriptable-state-snapshot-transfers.html
 */
const SCRIPT = `#!/bin/sh
set -e
bypass=no
while [ $# -gt 0 ]; do
  case "$1" in
    --role) role=$2; shift ;;
    --address) address=$2; shift ;;
    --datadir) data=$2; shift ;;
    --gtid) state=$2; shift ;;
    --gtid-domain-id) domain=$2; shift ;;
    --bypass) bypass=yes ;;
    --mysqld-args) break ;;
  esac
  shift
done
cd "$data"
if [ "$role" = joiner ]; then
  rm -f transferred
  echo "ready 127.0.0.1:1/$data"
  until [ -f transferred ]; do sleep 0.2; done
  cat transferred
  exit 0
fi
to=/\${address#*/}
state="$state $domain"
if [ "$bypass" = no ]; then
  rm -f tables_flushed sst_error
  echo 'flush tables'
  until grep -qs : tables_flushed; do
    [ ! -f sst_error ] || exit 255
    sleep 0.2
  done
  state=$(cat tables_flushed)
  rm tables_flushed
  rm -rf "$to"/*/
  cp -a */ ibdata* ib_logfile* aria_log* "$to"
fi
echo continue
echo "$state" > "$to/transferred.new"
mv "$to/transferred.new" "$to/transferred"
echo "done $state"
`;

export interface StateTransfer {
  /** `wsrep_sst_method` */
  readonly method: string;
  /** A folder where the server must look for programs. */
  readonly programs: string;
}

/** How nodes get another one's state; puts what they need for it into the folder. */
export async function stateTransfer(folder: string): Promise<StateTransfer> {
  if (IS_LONG) return { method: 'rsync', programs: folder };
  const script = join(folder, 'wsrep_sst_copy');
  await writeFile(script, SCRIPT);
  await chmod(script, 0o755);
  return { method: 'copy', programs: folder };
}
