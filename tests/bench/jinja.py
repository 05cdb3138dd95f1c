"""Usage: jinja.py TEMPLATES CONTEXTS

Renders with Jinja2 what render_all --contexts wrote, and prints how many templates, the bytes they
gave, and the processor time in microseconds that rendering alone took: reading, decoding and
compiling are done before. Plain Jinja2 without escaping, which is less work than what it is
compared with.
"""

import json
import os
import sys
import time

import jinja2


def main():
    folder, path = sys.argv[1:]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.ChainableUndefined,
    )
    jobs = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, context = line.split("\t", 1)
            template = environment.get_template(os.path.relpath(name, "templates"))
            jobs.append((template, json.loads(context)))
    for template, context in jobs[:50]:
        template.render(context)
    size = 0
    started = time.process_time()
    for template, context in jobs:
        size += len(template.render(context))
    took = time.process_time() - started
    print(len(jobs), size, round(took * 1e6))


main()
