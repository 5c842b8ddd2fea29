#!/bin/sh
# Adds up measurements that nobody has taken: fails, as such jobs do.
total=0
exec < measurements.csv || exit 1
while read -r value; do
    total=$((total + value))
done
echo "$total"
