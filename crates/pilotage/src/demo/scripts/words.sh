#!/bin/sh
# Counts the words of every PARTS-th file below DIR; leaves the most frequent ones in words.txt.
LC_ALL=C
export LC_ALL
dir=$1 parts=$2
find "$dir" -type f -size -400 2>/dev/null | sort |
    awk -v parts="$parts" -v mine="$PILOTAGE_ARRAY_INDEX" 'NR % parts == mine && n++ < 200' > files.txt
while read -r file; do
    case $file in
    *.gz) gzip -dc "$file" ;;
    *) cat "$file" ;;
    esac
done < files.txt 2>/dev/null | tr 'A-Z' 'a-z' | tr -cs 'a-z' '\n' |
    awk 'length($0) > 3 { seen[$0]++; total++ } END { print total + 0, "words" > "total.txt"; for (word in seen) print seen[word], word }' |
    sort -k1,1nr -k2 | head -n 20 > words.txt
cat total.txt words.txt
rm files.txt total.txt
