#!/bin/sh
# Makes this container's home, then becomes the service.
set -eu
trend init
exec "$@"
