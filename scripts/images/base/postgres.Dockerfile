# Postgres from the package of the workspace's lock file. It starts as the official image does: POSTGRES_PASSWORD, PGDATA,
# and SQL files of /docker-entrypoint-initdb.d that are run once.
ARG DEBIAN_IMAGE
FROM ${DEBIAN_IMAGE}
COPY postgres /usr/local/pgsql
COPY start-postgres.sh /usr/local/bin/
COPY --chmod=755 pg_isready.sh /usr/local/bin/pg_isready
RUN mkdir -p /var/lib/postgresql/data /var/run/postgresql \
    && useradd --uid 70 --user-group --home-dir /var/lib/postgresql postgres \
    && chown -R postgres:postgres /var/lib/postgresql /var/run/postgresql
ENV PATH=/usr/local/pgsql/bin:/usr/local/bin:/usr/bin:/bin LD_LIBRARY_PATH=/usr/local/pgsql/lib PGDATA=/var/lib/postgresql/data/cluster
USER 70:70
ENTRYPOINT ["sh", "/usr/local/bin/start-postgres.sh"]
