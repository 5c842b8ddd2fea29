#!/usr/bin/env python3
"""Counts the primes of one range with a segmented sieve."""
import os
import sys

step = int(sys.argv[1])
low = int(os.environ["PILOTAGE_ARRAY_INDEX"]) * step
high = low + step
root = int(high**0.5) + 1
small = bytearray([1]) * (root + 1)
segment = bytearray([1]) * step
for p in range(2, root + 1):
    if small[p]:
        small[p * p :: p] = bytes(len(range(p * p, root + 1, p)))
        first = max(p * p, (low + p - 1) // p * p)
        segment[first - low :: p] = bytes(len(range(first - low, step, p)))
for n in range(low, min(2, high)):
    segment[n - low] = 0
print(sum(segment), "primes between", low, "and", high)
