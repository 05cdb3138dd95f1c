#!/usr/bin/python3
"""Writes cases.json: templates with the results that Jinja2 itself gives for them.

Usage: generate.py [FILE]   (default: cases.json beside this script)

The table is read by tests/unit/format/test_template_jinja.c, which needs no Jinja2;
tests/e2e/t0100-jinja-cases.sh checks that Jinja2 still gives the same results. The setting is the
one fixed setting of trueup's template language.
"""
import json
import os
import sys

import jinja2

CONTEXT = {
    "name": "web", "title": "the quick-brown (fox) <b>", "empty": "", "zero": 0, "one": 1,
    "n": 42, "neg": -7, "pi": 3.14159, "half": 0.5, "big": 1e20, "small": 1.5e-7, "yes": True,
    "no": False, "nothing": None, "text": "Hello, World", "uni": "Größe 日本 é",
    "quote": "it's \"x\" \\ \n", "html": "<a href='x'>&</a>",
    "list": [3, 1, 2], "words": ["beta", "Alpha", "gamma", "alpha"], "nested": [[1, 2], [3]],
    "none_list": [], "map": {"b": 2, "a": 1, "C": 3}, "none_map": {},
    "users": [
        {"name": "bob", "age": 30, "admin": True, "tags": ["x", "y"], "at": {"city": "Bonn"}},
        {"name": "Ann", "age": 25, "admin": False, "tags": [], "at": {"city": "Aachen"}},
        {"name": "cid", "age": 30, "admin": True, "tags": ["z"], "at": {"city": "bonn"}},
    ],
    "lines": "one\ntwo\n\nthree", "csv": "a, b,c ,d", "path": "a/b/c.txt", "digits": "007",
    "m2": {"x": {"y": [10, {"z": "deep"}]}}, "items": {"items": 1},
}

# name of a group, then templates; every template is rendered with CONTEXT.
CASES = {
    "text": [
        "", "plain", "a\nb\n", "a\n", "{{ name }}", "{{name}}", "{{ name }}\n", "[{{ name }}]\n\n",
        "{ { } }", "a { b", "{{ '{{' }} {{ '}}' }}", "{{ '%}' }}", "a{# c #}b", "{# a\nb #}c",
        "a {# c #}\nb", "a\n  {# c #}\nb", "{{ \"a\" 'b' }}", "{{ 'a\\n\\tb\\x41\\u00e4\\\\ \\q' }}",
        "{{ 'it\\'s' }}", "{{ '' }}", "é{{ uni }}é", "{{ name }}{{ name }}", "{{ name\n}}",
    ],
    "white space": [
        "a {{- name -}} b", "a  \n {{- name }}", "{{ name -}} \n\n b", "  {% if yes %}\n  x\n  {% endif %}\n",
        "a {% if yes %} b {% endif %} c\n", "{% if yes %}\nx\n{% endif %}\ny", "{%- if yes %} x {%- endif %} y",
        "a\n{%- if yes -%}\n b \n{%- endif -%}\nc", "  {%+ if yes %}x{% endif %}\n", "{% if yes +%}\nx{% endif %}",
        "a\n\n  {% set x = 1 %}\n\nb", "{% for x in list %}\n- {{ x }}\n{% endfor %}\nend\n",
        "{% for x in list -%}\n  {{ x }}\n{%- endfor %}", "  {# c #}\n  x", "{#- c -#}  x", "a  {#- c #} b",
        "\t{% if yes %}\n\tx\n\t{% endif %}\n", "x{% if yes %}\n\n{% endif %}\ny", "{{ name }}\n{% if no %}\n{% endif %}\nz",
        "{% if yes %}a{% endif %}\n{% if yes %}b{% endif %}\n", "a\r\nb{% if yes %}\r\nc{% endif %}\r\n",
        "   {{ name }}   ", "{%if yes%}x{%endif%}", "a{{ ' ' }}b", "{%- set x = 1 -%}  {{ x }}",
    ],
    "literals": [
        "{{ 1 }} {{ -1 }} {{ +3 }}", "{{ 1.0 }} {{ 1.5 }} {{ 1e3 }} {{ 1E-5 }} {{ 2.5e+20 }}", "{{ 1_000 }}",
        "{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}", "{{ [] }} {{ {} }} {{ () }}",
        "{{ [1, 'a', none, true] }}", "{{ (1, 2) }} {{ (1,) }}", "{{ 1, 2 }}", "{{ {'a': 1, 'b': [2]} }}",
        "{{ {'a': {'b': {'c': 1}}} }}", "{{ [1, 2,] }}", "{{ 'a' }}{{ \"b\" }}", "{{ [pi, half, big, small, 100.0] }}",
        "{{ 0.1 + 0.2 }}", "{{ 1e16 }} {{ 123456789012345680.0 }} {{ 1e15 }} {{ 0.0001 }} {{ 0.00001 }}",
        "{{ [quote, uni, html] }}", "{{ ['\\x00\\x7f\\xa0\\u200b'] }}", "{{ \"it's\" }} {{ [\"it's\", 'say \"x\"', 'both \\' \"'] }}",
        "{{ -0.0 }}", "{{ 9007199254740993 }}", "{{ 9223372036854775807 }}",
    ],
    "arithmetic": [
        "{{ 1 + 2 * 3 }}", "{{ (1 + 2) * 3 }}", "{{ 7 / 2 }} {{ 6 / 2 }}", "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }}",
        "{{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }}", "{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2 ** 0.5 }}", "{{ 2 ** 3 ** 2 }}",
        "{{ -2 ** 2 }}", "{{ 7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }}", "{{ 1 - -1 }}", "{{ 1 + 1.0 }}", "{{ true + 1 }}",
        "{{ 'ab' * 3 }} {{ 2 * 'x' }} {{ 'x' * 0 }} {{ 'x' * -1 }}", "{{ [1] * 3 }}", "{{ [1] + [2, 3] }}", "{{ 'a' + 'b' }}",
        "{{ 'a' ~ 1 ~ none ~ true ~ [1] }}", "{{ 1 ~ (2 + 3) }}", "{{ n - 2 * one }}", "{{ 10 - 4 - 3 }}", "{{ 100 // 7 * 7 + 100 % 7 }}",
        "{{ 1 + (2 ~ 3)|int * 2 }}", "{{ 8 / 2 / 2 }}", "{{ -n }} {{ - n + 1 }}", "{{ (1, 2) + (3,) }}",
    ],
    "comparison": [
        "{{ 1 < 2 }} {{ 1 > 2 }} {{ 1 <= 1 }} {{ 1 >= 2 }} {{ 1 == 1.0 }} {{ 1 != 2 }}", "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }}",
        "{{ 'a' < 'b' }} {{ 'B' < 'a' }}", "{{ [1, 2] < [1, 3] }}", "{{ 1 == '1' }} {{ none == false }} {{ true == 1 }}",
        "{{ 1 in list }} {{ 9 in list }} {{ 9 not in list }}", "{{ 'ell' in text }} {{ '' in text }}", "{{ 'a' in map }} {{ 'z' in map }}",
        "{{ [1] in [[1]] }} {{ (1,) in [[1]] }}", "{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }}", "{{ not 1 in list }}",
        "{{ 1 == 1 == 1 }}", "{{ 'é' > 'z' }}", "{{ 1 + 1 == 2 and 2 + 2 == 4 }}", "{{ [1, 2] == (1, 2) }}", "{{ 2 > 1 > 0 != 5 }}",
    ],
    "logic": [
        "{{ yes and no }} {{ yes or no }} {{ not yes }}", "{{ 0 or 'x' }} {{ '' and 'x' }} {{ 1 and 2 }}", "{{ not not 1 }}",
        "{{ yes and not no }}", "{{ 'a' if yes else 'b' }} {{ 'a' if no else 'b' }}", "{{ 'a' if no else 'b' if no else 'c' }}",
        "{{ ('a' if yes) }}", "[{{ 'a' if no }}]", "{% for x in list %}{{ x }}{{ ', ' if not loop.last }}{% endfor %}", "{{ ('a' if no)|default('d') }} {{ ('a' if no) is defined }}", "{{ 1 if yes else undefined_name }}", "{{ yes or undefined_name }}", "{{ no and undefined_name }}",
        "{% if empty %}a{% elif zero %}b{% elif none_list %}c{% else %}d{% endif %}", "{% if nothing %}a{% endif %}{% if none_map %}b{% endif %}c",
        "{% if half and 0.0 %}x{% else %}y{% endif %}", "{{ [] or {} or 'end' }}", "{{ not empty }}{{ not none_map }}{{ not nothing }}",
        "{% if list %}x{% endif %}{% if not list %}y{% endif %}", "{{ no or no and yes }} {{ (no or yes) and yes }}",
    ],
    "access": [
        "{{ map.a }} {{ map['b'] }} {{ map['C'] }}", "{{ list[0] }} {{ list[-1] }}", "{{ m2.x.y[1].z }} {{ m2['x']['y'][0] }}",
        "{{ users[0].name }} {{ users[-1]['at'].city }}", "{{ text[0] }} {{ text[-1] }} {{ uni[2] }}", "{{ list[1:] }} {{ list[:1] }} {{ list[:] }} {{ list[::2] }}",
        "{{ list[::-1] }} {{ text[::-1] }} {{ text[1:4] }} {{ text[-5:] }}", "{{ list[5:] }} {{ list[-9:2] }} {{ list[2:1] }}",
        "{{ uni[0:3] }} {{ uni[-2:] }} {{ uni[::2] }}", "{{ list[-1:-3:-1] }} {{ text[10:0:-3] }}", "{{ (1, 2, 3)[1:] }}",
        "{{ list.0 }} {{ m2.x.y.0 }}", "{{ items['items'] }}", "{{ {'k': 'v'}.k }}", "{{ [1, 2][one] }}",
        "{{ map[name[0:0] ~ 'a'] }}", "{{ list[yes] }}", "{{ text[:5] ~ '!' }}", "{{ list[zero:n] }}", "{{ list[none:2] }}",
    ],
    "methods": [
        "{{ map.keys()|list }} {{ map.values()|list }}", "{{ map.items()|list }}", "{{ map.get('a') }} {{ map.get('z') }} {{ map.get('z', 5) }}",
        "{{ text.upper() }} {{ text.lower() }} {{ name.capitalize() }}", "{{ text.startswith('He') }} {{ text.endswith('x') }} {{ text.startswith(('x', 'H')) }}",
        "{{ csv.split(',') }} {{ csv.split() }} {{ csv.split(', ') }}", "{{ 'a b c'.split(' ', 1) }} {{ ' a  b c '.split(none, 1) }}", "{{ ''.split() }} {{ ''.split(',') }}",
        "{{ ' x '.strip() }}| {{ 'xxaxx'.strip('x') }} {{ 'xa'.lstrip('x') }} {{ 'ax'.rstrip('x') }}", "{{ text.replace('l', 'L') }} {{ text.replace('l', 'L', 1) }}",
        "{{ ', '.join(words) }} {{ ''.join([]) }}", "{{ '12'.isdigit() }} {{ '1a'.isdigit() }} {{ ''.isdigit() }}", "{{ path.split('/')[-1].split('.')[0] }}",
        "{{ 'abc'.replace('', '-') }}", "{{ users[0].get('name').upper() }}", "{{ 'a,b,,c'.split(',') }}",
    ],
    "loops": [
        "{% for x in list %}{{ x }},{% endfor %}", "{% for x in none_list %}x{% else %}none{% endfor %}", "{% for k in map %}{{ k }}{% endfor %}",
        "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}", "{% for c in 'héy' %}[{{ c }}]{% endfor %}", "{% for a, b in [[1, 2], (3, 4)] %}{{ a }}{{ b }} {% endfor %}",
        "{% for x in list %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.length }}{{ loop.first }}{{ loop.last }} {% endfor %}",
        "{% for x in list %}{{ loop.previtem if not loop.first else '-' }}<{{ x }}<{{ loop.nextitem|default('-') }} {% endfor %}",
        "{% for x in list if x > 1 %}{{ x }}{{ loop.index }}/{{ loop.length }} {% else %}none{% endfor %}", "{% for x in list if x > 9 %}{{ x }}{% else %}none{% endfor %}",
        "{% for r in nested %}{% for x in r %}{{ loop.index }}{{ x }}{% endfor %};{{ loop.index }}{% endfor %}", "{% for x in range(3) %}{{ x }}{% endfor %}",
        "{% for x in range(1, 4) %}{{ x }}{% endfor %} {% for x in range(5, 0, -2) %}{{ x }}{% endfor %} {{ range(4)|list }}",
        "{% for x in list %}{{ loop.cycle('a', 'b') }}{% endfor %}", "{% for u in users %}{{ u.name }}:{{ u.tags|join('+') }} {% endfor %}",
        "{% for x in [] %}{% endfor %}", "{% for x in 1, 2 %}{{ x }}{% endfor %}", "{% for u in users if u.admin %}{{ loop.first }}{{ u.name }}{% endfor %}",
        "{% for x in list|sort %}{{ x }}{% endfor %}", "{% for x in range(0) %}x{% else %}e{% endfor %}", "{% for (a, b) in map.items() %}{{ a }}{{ b }}{% endfor %}",
        "{% for x in list %}{% for y in list %}{{ x * y }}{{ ',' if not loop.last else '' }}{% endfor %};{% endfor %}",
        "{% for x in list %}{% set outer = loop %}{% for y in [1] %}{{ outer.index }}{{ loop.index }}{% endfor %}{% endfor %}",
        "{% for i in range(2) %}{% for k, v in map|dictsort %}{{ i }}{{ k }}{{ v }}{% endfor %}{% endfor %}", "{% for x in list %}{{ loop.depth }}{{ loop.depth0 }}{% endfor %}",
    ],
    "set": [
        "{% set x = 1 %}{{ x }}", "{% set x = 1 %}{% set x = x + 1 %}{{ x }}", "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set x = 1 %}{% for i in list %}{% set x = i %}{% endfor %}{{ x }}",
        "{% if yes %}{% set x = 5 %}{% endif %}{{ x }}", "{% for i in list %}{% set y = i %}{% endfor %}{{ y is defined }}", "{% set x = 0 %}{% for i in list %}{% set x = x + i %}{{ x }}{% endfor %}",
        "{% set ns = namespace(n=0) %}{% for i in list %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}", "{% set ns = namespace() %}{% set ns.a = 'x' %}{{ ns.a }}",
        "{% set ns = namespace(found=false) %}{% for i in list if i == 2 %}{% set ns.found = true %}{% endfor %}{{ ns.found }}", "{% set name = 'local' %}{{ name }}",
        "{% set x = [1, 2] %}{{ x|length }}", "{% set x = name if yes else 'z' %}{{ x }}", "{% set x = 1, 2 %}{{ x }}", "{{ dict(a=1, b='x') }}", "{{ dict(map, z=9) }}",
        "{% for i in [1, 2] %}{{ x is defined }}{% set x = 1 %}{{ x }}{% endfor %}", "{% set x = 'a' %}{% if no %}{% set x = 'b' %}{% endif %}{{ x }}",
    ],
    "macros": [
        "{% macro m(a) %}[{{ a }}]{% endmacro %}{{ m(1) }}{{ m('x') }}", "{% macro m(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ m(1) }} {{ m(1, 3) }} {{ m(b=4, a=5) }}",
        "{% macro m() %}x{% endmacro %}{{ m() }}{{ m()|upper }}", "{% macro a() %}A{% endmacro %}{% macro b() %}{{ a() }}B{% endmacro %}{{ b() }}",
        "{% set g = 7 %}{% macro m() %}{{ g }}{{ name }}{% endmacro %}{{ m() }}", "{% macro m(x) %}{% for i in range(x) %}{{ i }}{% endfor %}{% endmacro %}{% for j in [1, 2, 3] %}{{ m(j) }};{% endfor %}",
        "{% macro fact(x) %}{{ 1 if x < 2 else x * (fact(x - 1)|int) }}{% endmacro %}{{ fact(5) }}", "{% macro m(a) %}{% if a is defined %}{{ a }}{% else %}none{% endif %}{% endmacro %}{{ m() }}{{ m(1) }}",
        "{% macro m(a, b=[]) %}{{ a }}{{ b }}{% endmacro %}{{ m('x') }}", "{% macro m(list) %}{{ list|join('.') }}{% endmacro %}{{ m(words) }}",
        "{% for name in ['in'] %}{% set q = 1 %}{% endfor %}{% macro m() %}{{ name }}{% endmacro %}{% for name in ['loop'] %}{{ m() }}{% endfor %}",
    ],
    "tests": [
        "{{ name is defined }} {{ zzz is defined }} {{ zzz is undefined }} {{ map.zzz is defined }} {{ map.a is defined }}", "{{ nothing is none }} {{ 1 is not none }}",
        "{{ 'a' is string }} {{ 1 is string }}", "{{ 1 is number }} {{ 1.5 is number }} {{ true is number }} {{ 'x' is number }}", "{{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }}",
        "{{ true is boolean }} {{ 1 is boolean }} {{ yes is true }} {{ 1 is true }} {{ no is false }}", "{{ map is mapping }} {{ list is mapping }} {{ list is sequence }} {{ map is iterable }} {{ 1 is iterable }} {{ 'x' is iterable }}",
        "{{ 3 is odd }} {{ 3 is even }} {{ neg is odd }}", "{{ 6 is divisibleby 3 }} {{ 6 is divisibleby(4) }}", "{{ 1 is eq 1 }} {{ 1 is ne 1 }} {{ 1 is lt 2 }} {{ 1 is gt 2 }} {{ 1 is le 1 }} {{ 1 is ge 1 }}",
        "{{ 1 is in list }} {{ 9 is not in list }} {{ 'a' is in 'abc' }}", "{{ none is sameas none }} {{ true is sameas true }} {{ 1 is sameas true }}", "{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'aB' is lower }}",
        "{{ 1 is equalto 1 }} {{ 2 is greaterthan 1 }} {{ 2 is lessthan(1) }}", "{% if zzz is not defined %}ok{% endif %}", "{{ 1 + 1 is eq 2 }}", "{{ not zzz is defined }}", "{{ name is defined and name is string }}", "{{ list|length is eq 3 }}",
    ],
    "text filters": [
        "{{ text|upper }} {{ text|lower }} {{ uni|upper }} {{ 'ÄÖ'|lower }}", "{{ title|title }}", "{{ 'hELLO wORLD'|capitalize }} {{ ''|capitalize }} {{ 'éa'|capitalize }}", "{{ '  x '|trim }}| {{ 'xxaxx'|trim('x') }}",
        "{{ text|replace('l', 'L') }} {{ text|replace('l', '', 2) }} {{ 'aaa'|replace('a', 'b', count=1) }}", "{{ lines|indent }}", "{{ lines|indent(2, true) }}", "{{ lines|indent(width=2, blank=true) }}", "{{ lines|indent('> ', first=true) }}",
        "{{ 'a\\n'|indent(2) }}|", "{{ lines|wordcount }} {{ 'it is-a test_x'|wordcount }}", "{{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo bar baz qux'|truncate(11) }} {{ 'foo bar baz qux'|truncate(11, false, '..', 0) }}",
        "{{ 'x'|truncate }} {{ ('word ' * 80)|truncate }}", "{{ 12|string ~ 3 }} {{ none|string }} {{ 1.50|string }}", "{{ '%s is %d'|format(name, 3) }} {{ '%05.2f|%-5s|%5s|%x|%%'|format(pi, 'a', 'b', 255) }} {{ '%+d % d %03d'|format(5, 5, -5) }}",
        "{{ 5|upper }} {{ true|lower }}", "{{ text|length }} {{ uni|length }} {{ text|count }}", "{{ text|reverse }} {{ uni|reverse }}", "{{ text|first }} {{ text|last }}", "{{ 'c b a'|title }} {{ 'x-y_z a.b'|title }} {{ \"it's\"|title }}",
        "{{ text|upper|replace('L', '_')|lower }}", "{{ ' a b '|trim|length }}", "{{ (1, 2)|string }} {{ [1, 'a']|string|length }}",
    ],
    "list filters": [
        "{{ list|length }} {{ map|length }} {{ none_list|count }}", "{{ list|first }} {{ list|last }}", "{{ list|join }} {{ list|join(', ') }} {{ words|join('|') }} {{ [1, none, true, 'x']|join(' ') }}", "{{ users|join(', ', attribute='name') }}",
        "{{ list|sort }} {{ list|sort(true) }} {{ list|sort(reverse=true) }}", "{{ words|sort }} {{ words|sort(case_sensitive=true) }}", "{{ users|sort(attribute='age')|map(attribute='name')|list }}", "{{ users|sort(attribute='name', reverse=true)|map(attribute='name')|join(',') }}",
        "{{ users|sort(attribute='at.city')|map(attribute='name')|join(',') }}", "{{ words|unique|list }} {{ words|unique(true)|list }} {{ [1, 1, 2]|unique|list }}", "{{ users|unique(attribute='age')|map(attribute='name')|list }}", "{{ list|reverse|list }}",
        "{{ 'abc'|list }} {{ map|list }} {{ (1, 2)|list }}", "{{ users|map(attribute='name')|list }} {{ users|map(attribute='at.city')|list }}", "{{ words|map('upper')|list }} {{ words|map('replace', 'a', 'A')|list }} {{ ['1', '2']|map('int')|sum }}",
        "{{ users|map(attribute='zzz', default='-')|list }}", "{{ [0, 1, '', 'a', none]|select|list }} {{ [0, 1]|reject|list }}", "{{ list|select('odd')|list }} {{ list|reject('odd')|list }} {{ list|select('gt', 1)|list }} {{ [none, 1]|select('none')|list }}",
        "{{ users|selectattr('admin')|map(attribute='name')|list }} {{ users|rejectattr('admin')|map(attribute='name')|list }}", "{{ users|selectattr('age', 'eq', 30)|map(attribute='name')|list }} {{ users|selectattr('name', 'in', ['bob'])|list|length }}",
        "{{ users|selectattr('zzz', 'defined')|list }} {{ users|rejectattr('zzz', 'undefined')|list }}", "{% for k, g in users|groupby('age') %}{{ k }}:{{ g|map(attribute='name')|join(',') }} {% endfor %}",
        "{% for g in users|groupby('at.city') %}{{ g.grouper }}={{ g.list|length }} {% endfor %}", "{% for k, g in users|groupby('at.city', case_sensitive=true) %}{{ k }}{{ g|length }} {% endfor %}", "{% for k, g in users|groupby('zzz', default='none') %}{{ k }}{{ g|length }}{% endfor %}",
        "{{ map|dictsort }} {{ map|dictsort(true) }} {{ map|dictsort(by='value') }} {{ map|dictsort(reverse=true) }}", "{{ map|items|list }}", "{{ list|sum }} {{ [1.5, 2]|sum }} {{ users|sum(attribute='age') }} {{ list|sum(start=10) }} {{ []|sum }}",
        "{{ list|min }} {{ list|max }} {{ words|min }} {{ words|max }}", "{{ users|max(attribute='age') == users[0] }} {{ words|min(case_sensitive=true) }}", "{% for row in range(5)|batch(2) %}{{ row }}{% endfor %} {% for row in range(5)|batch(2, 'x') %}{{ row }}{% endfor %}",
        "{{ nested|map('sum')|list }} {{ nested|sum(start=[]) }}", "{{ nested|map('first')|list }} {{ nested|map(attribute=0)|list }}", "{{ []|min is defined }} {{ []|first is defined }}", "{{ map.values()|sum }} {{ map.keys()|sort|join }}", "{{ words|map('length')|list }}",
        "{{ ['b', 'A', 'a']|sort }} {{ [true, 0, 2]|sort }}", "{{ list|map('string')|join('-') }}", "{{ users|map(attribute='tags')|map('join', '+')|list }}", "{{ [[2, 'b'], [1, 'z']]|sort }} {{ [[2, 'b'], [1, 'z']]|sort(attribute=1) }}",
    ],
    "number filters": [
        "{{ -5|abs }} {{ neg|abs }} {{ -1.5|abs }}", "{{ '42'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ 3.9|int }} {{ '3.9'|int }} {{ -3.9|int }} {{ none|int }} {{ true|int }} {{ digits|int }} {{ ' 5 '|int }}", "{{ '1f'|int(0, 16) }} {{ '0x1f'|int(base=16) }} {{ '101'|int(base=2) }}",
        "{{ '1.5'|float }} {{ 'x'|float }} {{ 3|float }} {{ '1e3'|float }} {{ 'x'|float(2.5) }}", "{{ 2.5|round }} {{ 3.5|round }} {{ 2.567|round(2) }} {{ 2.675|round(2) }} {{ 42|round }} {{ -2.5|round }}", "{{ 2.1|round(method='ceil') }} {{ 2.9|round(0, 'floor') }} {{ 2.123|round(2, 'ceil') }} {{ 42|round(method='floor') }}",
        "{{ 1234.5|round(-2) }} {{ 1250|round(-2) }}", "{{ 2.5|round|int }}", "{{ 7|string|length }}", "{{ (7 / 2)|int }}", "{{ 1e3|int }} {{ 0.1|float }}", "{{ '-12'|int }} {{ '+5'|int }} {{ '1_000'|int }} {{ ''|int }}",
    ],
    "default": [
        "{{ zzz|default('d') }} {{ zzz|d('e') }} {{ name|default('d') }}", "{{ zzz|default }}|", "{{ empty|default('d') }}| {{ empty|default('d', true) }} {{ nothing|default('d') }} {{ nothing|default('d', boolean=true) }}", "{{ map.zzz|default('d') }} {{ list[9]|default('d') }}",
        "{{ zzz|default(map.a) }} {{ (zzz|default(none)) is none }}", "{{ zzz|default([])|length }}", "{{ no|default('x') }} {{ no|default('x', true) }} {{ 0|default(5, true) }}", "{% for x in zzz|default([]) %}x{% else %}none{% endfor %}",
    ],
    "tojson": [
        "{{ map|tojson }}", "{{ [1, 1.5, true, none, 'x']|tojson }}", "{{ quote|tojson }} {{ html|tojson }} {{ uni|tojson }}", "{{ users[0]|tojson }}", "{{ {'b': {'d': 1, 'c': [2]}, 'a': []}|tojson(indent=2) }}", "{{ []|tojson }} {{ {}|tojson(2) }} {{ [{}]|tojson(2) }}",
        "{{ '\\x00\\x1f\\x7f\\u2028\\U0001F600'|tojson }}", "{{ big|tojson }} {{ small|tojson }}", "{{ none|tojson }}{{ 'x'|tojson }}",
    ],
    "include": [
        "{% include 'row' %}", "a\n{% include 'row' %}\nb\n", "{% for name in words %}{% include 'row' %}{% endfor %}", "{% set x = 1 %}{% include 'uses_x' %}", "{% include 'sets_x' %}{{ x is defined }}", "{% include 'nested' %}",
        "{% from 'macros' import box %}{{ box('a') }}", "{% from 'macros' import box as b, twice %}{{ b(1) }}{{ twice('z') }}", "{% if no %}{% include 'row' %}{% endif %}",
    ],
    "errors": [
        "{{ zzz }}", "{{ map.zzz }}", "{{ zzz.a }}", "{{ list[9] }}", "{{ zzz|upper }}", "{% for x in zzz %}{% endfor %}", "{% if zzz %}{% endif %}", "{{ 1 ~ 2 + 3 }}", "{% macro m() %}{% endmacro m %}", "{{ ('a' if no) + 'b' }}", "{{ 1 + 'a' }}", "{{ 'a' + 1 }}", "{{ [1] + 'a' }}",
        "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ 1 / 0 }}", "{{ 1 // 0 }}", "{{ 1 % 0 }}", "{{ 1 in 1 }}", "{{ 1|length }}", "{{ [1, 'a']|sort }}", "{{ 1|join }}", "{{ map|first|zzz }}", "{{ name is zzz }}", "{{", "{{ name", "{% if yes %}", "{% endif %}", "{% for x in list %}", "{% zzz %}",
        "{{ name }", "{{ }}", "{{ 1 + }}", "{{ (1 }}", "{{ 'a }}", "{# a", "{% for in list %}{% endfor %}", "{% for x list %}{% endfor %}", "{% for 1 in list %}{% endfor %}", "{% set 1 = 2 %}", "{% set x %}", "{% include 'missing' %}", "{{ zzz() }}", "{% if yes %}{% endfor %}", "{{ name $ }}", "{{ 1 2 }}",
        "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{{ loop.index }}", "{% for x in 5 %}{% endfor %}", "{{ none|abs }}", "{{ -'a' }}", "{{ users|sort(attribute='zzz') }}", "{{ range() }}", "{{ range(1, 2, 0)|list }}", "{{ 'a'.zzz() }}",
        "{% set map.a = 1 %}", "{% macro m(a %}{% endmacro %}", "{% macro m() %}", "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m() %}{% endmacro %}{{ m(1) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}", "{{ name|replace('a') }}", "{{ name|upper(1) }}", "{{ x is divisibleby }}",
        "{{ '%d'|format('x') }}", "{{ '%s %s'|format(1) }}", "{{ 'abc' is odd }}", "{{ [1, 2]|groupby }}", "{{ zzz|tojson }}", "{% if %}{% endif %}", "{{ a b }}", "{{ [1, 2 }}", "{{ {'a': } }}", "{{ {'a' 1} }}", "{{ name. }}", "{{ name[ }}", "{{ |upper }}", "{{ name| }}", "{{ 1 is }}", "{{ ..a }}",
        "{% from 'macros' import zzz %}{{ zzz() }}", "{% elif yes %}", "{% else %}", "{% if yes %}{% else %}{% else %}{% endif %}", "{{ zzz == 1 }}", "{{ zzz ~ 'a' }}", "{% set x = zzz %}{{ x }}", "{{ [1, 2]|sum(attribute='a') }}", "{{ []|first }}", "{{ []|max }}", "{{ 'é' is divisibleby 2 }}", "{{ 5[0] }}",
        "{{ 'abc'[9] }}", "{{ list['a'] }}", "{{ map[0] }}", "{{ list[::0] }}", "{{ list['a':] }}", "{{ 012 }}", "{{ 5|first }}",
    ],
}

INCLUDES = {
    "row": "<{{ name }}>\n", "uses_x": "x is {{ x }}", "sets_x": "{% set x = 9 %}{{ x }};", "nested": "[{% include 'row' %}]",
    "macros": "{% macro box(x) %}[{{ x }}]{% endmacro %}{% macro twice(x) %}{{ box(x) }}{{ box(x) }}{% endmacro %}",
}


def main():
    env = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined, loader=jinja2.DictLoader(INCLUDES))
    cases, wrong = [], []
    for group, templates in CASES.items():
        for template in templates:
            case = {"group": group, "template": template}
            try:
                case["expected"] = str(env.from_string(template).render(CONTEXT))
            except Exception:
                case["error"] = True
            if ("error" in case) != (group == "errors"):
                wrong.append("%s: %r: %s" % (group, template, case.get("expected", "fails")))
            cases.append(case)
    if wrong:
        sys.exit("\n".join(wrong))
    table = {"context": CONTEXT, "includes": INCLUDES, "cases": cases}
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(
        os.path.dirname(os.path.abspath(__file__)), "cases.json")
    with open(path, "w", encoding="utf-8") as out:
        json.dump(table, out, indent=1, ensure_ascii=True)
        out.write("\n")


main()
