"""Reads texts by Python's own configparser: one JSON line {"text": ...} in, one JSON line out.

Out: {"error": "..."} or {"sections": {section: {key: value, or null when it cannot be interpolated}}}.
"""

import configparser
import json
import sys

for line in sys.stdin:
    parser = configparser.ConfigParser(
        delimiters=("=", ":"),
        comment_prefixes=("#", ";"),
        inline_comment_prefixes=(";",),
        strict=False,
    )
    parser.optionxform = str
    try:
        parser.read_string(json.loads(line)["text"])
    except configparser.Error as error:
        answer = {"error": str(error)}
    else:
        sections = {}
        for section in parser.sections():
            values = sections[section] = {}
            for key in parser.options(section):
                try:
                    values[key] = parser.get(section, key)
                except configparser.InterpolationError:
                    values[key] = None
        answer = {"sections": sections}
    print(json.dumps(answer), flush=True)
