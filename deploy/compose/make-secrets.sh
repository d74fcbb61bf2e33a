#!/bin/sh
# Creates the secrets of compose.yaml that do not exist yet, and prints the API key for Enreach Core.
set -eu
cd "$(dirname "$0")"
# Other users cannot enter the folder; the users in the containers must be able to read the files in it.
# The secrets of the service itself have a folder of their own.
mkdir -p -m 700 secrets
cd secrets
mkdir -p -m 755 service
for name in service/api-key database-password database-root-password; do
  [ -e "$name" ] || openssl rand -hex 24 > "$name"
done
[ -e service/database.env ] ||
  printf 'DATABASE_URL=mysql://smartrouting:%s@database:3306/smartrouting\n' "$(cat database-password)" > service/database.env
chmod 644 service/api-key service/database.env database-password database-root-password
echo "API key for Enreach Core, header X-Benemen-APIKey: $(cat service/api-key)"
