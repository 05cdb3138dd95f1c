# shellcheck shell=bash
# shellcheck disable=SC2154 # what it uses is run.sh's
# A server that has nothing to do, with a repository of 10,000 specs: how it starts, what it holds,
# and what it costs in an hour, from a minute of watching it.
. "$TOP/tests/bench/lib_serve.sh"

rest_seconds=${REST_SECONDS:-60}
need_settled
write_server "$work/rest.yaml" "$work/rest-data" "- {name: specs, path: $settled}"
begin=$(date +%s%N)
server_start "$work/rest.yaml"
started=$((($(date +%s%N) - begin) / 1000000))
server_wait 'reconcile of branch done' 1
sleep 5 # the store is closed three seconds after its last use
before=$(server_ticks)
sleep "$rest_seconds"
ticks=$(($(server_ticks) - before))
resident=$(server_resident)
children=/proc/$server_pid/task/$server_pid/children
standby=$(awk '/^Pss:/ {print $2}' "/proc/$(tr ' ' '\n' <"$children" | head -n 1)/smaps_rollup")
server_stop

mib=$(awk -v k="$resident" 'BEGIN {printf "%.1f", k / 1024}')
hour=$(awk -v t="$ticks" -v hz="$(getconf CLK_TCK)" -v s="$rest_seconds" \
	'BEGIN {printf "%.1f", t / hz * 3600 / s}')
row 'server at rest, 10,000 specs: resident' "$mib MiB" 'under 16 MiB' "$(at_most "$mib" 16)"
row 'the worker that stands by: its own share' \
	"$(awk -v k="$standby" 'BEGIN {printf "%.1f", k / 1024}') MiB" 'under 16 MiB' \
	"$(at_most "$standby" 16384)"
row 'the server, processor time in an hour' "$hour s" 'no wake-up without need' \
	"$(at_most "$hour" 1)"
row 'server, start until it serves' "$started ms" 'under 20 ms and 10 ms of looking' \
	"$(at_most "$started" 30)"
