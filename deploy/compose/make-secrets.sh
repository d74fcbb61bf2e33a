#!/bin/sh
# Makes the secrets of compose.yaml, each only if it is not there yet, and prints the API key for Enreach Core.
set -eu
cd "$(dirname "$0")"
# Nobody else gets into the folder; the files in it must be readable for the users in the containers.
mkdir -p -m 700 secrets
cd secrets
for name in api-key database-password database-root-password; do
  [ -e "$name" ] || openssl rand -hex 24 > "$name"
done
[ -e database.env ] ||
  printf 'DATABASE_URL=mysql://smartrouting:%s@database:3306/smartrouting\n' "$(cat database-password)" > database.env
chmod 644 api-key database-password database-root-password database.env
echo "API key for Enreach Core, header X-Benemen-APIKey: $(cat api-key)"
