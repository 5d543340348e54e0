#!/bin/sh
# Of the tool of this name, what a health check needs: whether the server takes connections.
exec bash -c ': </dev/tcp/127.0.0.1/5432'
