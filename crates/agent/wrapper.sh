#!/bin/sh
# Starts a Pilotage pilot on a worker node.
exec pilotage-pilot "$@"
