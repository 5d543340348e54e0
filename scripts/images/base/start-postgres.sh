# Makes the cluster once, runs the SQL files that it was given, then serves.
set -eu
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password_file=$(mktemp)
  if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then cp "$POSTGRES_PASSWORD_FILE" "$password_file"; else printf '%s' "$POSTGRES_PASSWORD" >"$password_file"; fi
  initdb --pgdata "$PGDATA" --username=postgres --pwfile="$password_file" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 --no-instructions >/dev/null
  rm -f "$password_file"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  for file in /docker-entrypoint-initdb.d/*.sql; do
    if [ -e "$file" ]; then postgres --single -j -D "$PGDATA" postgres <"$file" >/dev/null; fi
  done
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
