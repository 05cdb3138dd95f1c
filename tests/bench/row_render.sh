# shellcheck shell=bash
# shellcheck disable=SC2154 # work and specs are run.sh's
# Rendering 10,000 canvases to HCL, against Jinja2 with the same templates and the same contexts of
# 1,000 of them. Jinja2 neither escapes nor lays out nor works the contexts out. In turn, medians.

need_specs
# Debian's python3-jinja2 belongs to Debian's python3.
python=/usr/bin/python3
if ! "$python" -c 'import jinja2' 2>/dev/null; then
	row 'render 10,000 canvases: against Jinja2' '' 'at least 10 ×' 'python3-jinja2 is missing'
	return 0
fi
"$BENCH/render_all" --contexts "$work/contexts" 1000 "$specs" >"$work/out"
for _ in 1 2 3 4 5; do
	"$BENCH/render_all" "$specs" | awk '{print $3 / $1, $4 / $1}'
	"$python" "$TOP/tests/bench/jinja.py" "$TOP/templates" "$work/contexts" |
		awk '{print "jinja", $3 / 1000}'
done >"$work/times"
middle() {
	sort -n | awk '{v[NR] = $1} END {printf "%.1f", v[int((NR + 1) / 2)]}'
}
whole=$(grep -v jinja "$work/times" | middle)
templates=$(grep -v jinja "$work/times" | cut -d' ' -f2 | middle)
jinja=$(sed -n 's/^jinja //p' "$work/times" | middle)
row 'render 10,000 canvases: templates against Jinja2' \
	"$(ratio "$jinja" "$templates") × ($templates / $jinja µs a canvas)" 'at least 10 ×' \
	"$(at_most 10 "$(ratio "$jinja" "$templates")")"
row 'the same with wiring, layout and digests on our side' \
	"$(ratio "$jinja" "$whole") × ($whole / $jinja µs a canvas)" 'at least 10 ×' \
	"$(at_most 10 "$(ratio "$jinja" "$whole")")"
