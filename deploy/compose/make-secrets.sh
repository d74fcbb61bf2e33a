#!/bin/sh
# Makes the secrets of compose.yaml, each only if it is not there yet, and prints the API key for Enreach Core.
set -eu
cd "$(dirname "$0")"
# Nobody else gets into the folder; the files in it must be readable for the users in the containers.
# What the service itself gets has a folder of its own.
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
