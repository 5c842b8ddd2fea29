#!/bin/sh
# Counts the primes of one range with awk.
exec awk -v step="$1" -v part="$PILOTAGE_ARRAY_INDEX" 'BEGIN {
    low = part * step
    high = low + step
    count = 0
    for (n = low; n < high; n++) {
        is_prime = n > 1
        for (d = 2; d * d <= n; d++)
            if (n % d == 0) { is_prime = 0; break }
        count += is_prime
    }
    print count, "primes between", low, "and", high
}'
