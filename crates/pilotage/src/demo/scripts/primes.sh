#!/bin/sh
# Counts the primes of one range with nothing but the shell.
low=$((PILOTAGE_ARRAY_INDEX * $1))
high=$((low + $1))
count=0
n=$low
while [ "$n" -lt "$high" ]; do
    prime=1
    [ "$n" -lt 2 ] && prime=0
    d=2
    while [ $((d * d)) -le "$n" ]; do
        if [ $((n % d)) -eq 0 ]; then
            prime=0
            break
        fi
        d=$((d + 1))
    done
    count=$((count + prime))
    n=$((n + 1))
done
echo "$count primes between $low and $high"
