#!/bin/sh
# Counts the words of every PARTS-th file of DIR with nothing but the shell.
dir=$1 parts=$2 number=0 total=0
for file in "$dir"/*; do
    number=$((number + 1))
    [ $((number % parts)) -eq "$PILOTAGE_ARRAY_INDEX" ] || continue
    while read -r line; do
        set -f
        for word in $line; do
            total=$((total + 1))
        done
        set +f
    done < "$file"
done
echo "$total words"
echo "$total words" > words.txt
