#!/bin/bash
# Protects: what a server does because time passes, and not because somebody asks: a canvas whose
# ttl is over is destroyed through its gates, nothing is applied in a freeze and all of it after,
# a Run is run when it is due and once, what failed is tried again with longer and longer pauses,
# and what is suspended is left alone until it is resumed.
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-fake.sh"
. "$TOP/tests/e2e/lib-serve.sh"
fake_terraform "$TRASH"
HOUR=3600000

# serve DIR: the repository DIR, in which nothing happens unless it is due or its branch moves.
serve() {
	write_server server.yaml "poll: {every: 100ms, jitter: 0s}" -- \
		"- {name: $1, path: $TRASH/$1}" && serve_start server.yaml
}
shop() { # DIR [CONFIG LINE...]
	new_repo "$1" && topics_role "$1" && put_config "$@"
}
status_has() { # DIR REGEX
	trueup -C "$1" status | grep -Eq -- "$2"
}
effects() { # LINE
	grep -cx "$1" "$FAKE/effects"
}
# The applies of canvas NAME of DIR ended an hour earlier than they did.
an_hour_passes() { # DIR NAME
	store_sql "$1" "UPDATE operations SET ended_at = ended_at - $HOUR
		WHERE object_key = 'canvas/$2'"
}

# --- ttl --------------------------------------------------------------------------------------

test_expect_success 'a ttl: the server comes back when it ends, then destroys and suspends' '
	shop lives && topics lives brief a "ttl: 1h" && topics lives long a && commit_all lives one &&
	serve lives && wait_until settled lives &&
	ends=$(store_sql lives "SELECT ended_at + $HOUR FROM operations
		WHERE object_key = '\''canvas/brief'\''") &&
	wait_until gives "$ends" queue_of lives reconcile not_before &&
	status_has lives "canvas/brief *applied .*ends $(date -u -d "@${ends%???}" +%FT%T) UTC" &&
	an_hour_passes lives brief && queue_due lives reconcile &&
	wait_until gives 1 effects "delete brief.aws_sns_topic.a" &&
	serve_says "canvas/brief has outlived its ttl" &&
	wait_until status_has lives "canvas/brief *suspended .*ttl" &&
	is "$(ls "$FAKE/cloud")" long.aws_sns_topic.a && status_has lives "canvas/long *applied"
'

test_expect_success 'a ttl: it is resumed, and lives as long again' '
	trueup -C lives resume canvas/brief && wait_until settled lives &&
	is "$(effects "create brief.aws_sns_topic.a")" 2 &&
	ends=$(store_sql lives "SELECT max(ended_at) + $HOUR FROM operations
		WHERE object_key = '\''canvas/brief'\''") &&
	wait_until gives "$ends" queue_of lives reconcile not_before &&
	is "$(effects "delete brief.aws_sns_topic.a")" 1
'

test_expect_success 'a ttl: where destroying fails it is tried again' '
	echo "it is in use" >"$FAKE/fail-apply" && an_hour_passes lives brief &&
	queue_due lives reconcile &&
	wait_until serve_says "reconcile of branch failed, attempt 1: .*canvas/brief" &&
	wait_until status_has lives "to be tried again in .* s: reconcile .*canvas/brief" &&
	status_has lives "canvas/brief *failed .*it is in use" &&
	rm "$FAKE/fail-apply" && queue_due lives reconcile &&
	wait_until gives 2 effects "delete brief.aws_sns_topic.a" &&
	wait_until status_has lives "canvas/brief *suspended" && serve_stop
'

test_expect_success 'a ttl: a manual approval is asked for, once, and counts' '
	shop asks && topics asks kept a "ttl: 1h" "approval: {mode: manual, notSelf: false}" &&
	commit_all asks one && serve asks &&
	wait_until status_has asks "canvas/kept *waiting" && trueup -C asks approve canvas/kept &&
	wait_until settled asks && an_hour_passes asks kept &&
	wait_until queue_due asks reconcile &&
	wait_until status_has asks "canvas/kept *waiting .*approv" &&
	plans=$(fake_runs plan kept) && done=$(grep -c "reconcile of branch done" serve.log) &&
	topics asks other a && commit_all asks two &&
	wait_until serve_says "reconcile of branch done" $((done + 1)) &&
	is "$(fake_runs plan kept)" "$plans" && test -e "$FAKE/cloud/kept.aws_sns_topic.a" &&
	trueup -C asks approve canvas/kept && wait_until test ! -e "$FAKE/cloud/kept.aws_sns_topic.a" &&
	wait_until status_has asks "canvas/kept *suspended" && is "$(fake_runs plan kept)" "$plans" &&
	serve_stop
'

# --- freezes ----------------------------------------------------------------------------------

freeze() { # SECONDS from now
	printf 'policy: {freeze: [{from: "2026-01-02T00:00:00Z", until: "%s", reason: inventory}]}' \
		"$(date -u -d "@$(($(date +%s) + $1))" +%Y-%m-%dT%H:%M:%SZ)"
}

window_end() { # in seconds
	date -d "$(sed -n 's/.*until: "\([^"]*\)".*/\1/p' cold/trueup.yaml)" +%s
}

test_expect_success 'a freeze: plans are made and wait, and the server comes back at its end' '
	shop cold "$(freeze 3600)" && topics cold frozen a && commit_all cold one && serve cold &&
	wait_until status_has cold "canvas/frozen *waiting .*frozen until 20.*inventory" &&
	wait_until serve_says "reconcile of branch done" &&
	is "$(fake_runs plan frozen)" 1 && is "$(fake_runs apply frozen)" 0 &&
	wait_until gives "$(window_end)000" queue_of cold reconcile not_before
'

test_expect_success 'a freeze: when it ends, what waited is applied, and not before' '
	put_config cold "$(freeze 2)" && commit_all cold two &&
	wait_until settled cold && is "$(fake_runs apply frozen)" 1 &&
	test "$(stat -c %Y "$FAKE/cloud/frozen.aws_sns_topic.a")" -ge "$(window_end)" &&
	is "$(fake_runs plan frozen)" 1 && serve_stop
'

# --- retries ----------------------------------------------------------------------------------

test_expect_success 'what fails is tried again, after twice as long each time' '
	shop fails && topics fails broken a && commit_all fails one && echo no >"$FAKE/fail-plan" &&
	serve fails && pause=10000 &&
	for attempt in 1 2 3; do
		wait_until serve_says "reconcile of branch failed, attempt $attempt:" &&
		wait_until gives "$attempt" queue_of fails reconcile attempts &&
		wait=$(queue_of fails reconcile "not_before - changed_at") &&
		test "$wait" -ge "$pause" && test "$wait" -le "$((pause * 6 / 5))" || return 1
		[ "$attempt" = 3 ] || queue_due fails reconcile || return 1
		pause=$((pause * 2))
	done &&
	status_has fails "to be tried again in [0-9.]+ s: reconcile of branch .*attempt 3: .*canvas/broken"
'

test_expect_success 'news do not wait for the next attempt, and count anew' '
	topics fails broken "a b" && commit_all fails two &&
	wait_until serve_says "reconcile of branch failed, attempt 1:" 2 && rm "$FAKE/fail-plan" &&
	topics fails broken "a b c" && commit_all fails three && wait_until settled fails &&
	wait_until eval "! trueup -C fails status | grep \"to be tried again\"" && serve_stop
'

test_expect_success 'polling a branch that fails is no news, until it moves' '
	shop far && topics far only a && commit_all far one && git clone -q --bare far far.git &&
	write_server server.yaml "poll: {every: 100ms, jitter: 0s}" -- \
		"- {name: far, url: \"file://$TRASH/far.git\"}" && serve_start server.yaml &&
	wait_until settled data/repos/far.git && git -C far rm -q -r canvases &&
	commit_all far two && git -C far push -q ../far.git main && serve_fails "reconcile of branch" 1 &&
	echo more >far/README && commit_all far three && git -C far push -q ../far.git main &&
	serve_fails "reconcile of branch" 2 && serve_stop
'

# --- suspended --------------------------------------------------------------------------------

test_expect_success 'what is suspended is left alone until it is resumed' '
	shop still && topics still quiet a && topics still loud a && commit_all still one &&
	serve still && wait_until settled still &&
	trueup -C still suspend canvas/quiet -m "incident 7" &&
	topics still quiet "a b" && topics still loud "a b" && commit_all still two &&
	wait_until test -e "$FAKE/cloud/loud.aws_sns_topic.b" &&
	wait_until status_has still "canvas/loud *applied" &&
	status_has still "canvas/quiet *suspended .*incident 7" && is "$(fake_runs plan quiet)" 1 &&
	trueup -C still resume canvas/quiet && wait_until settled still &&
	is "$(fake_runs apply quiet)" 2 && serve_stop
'

# --- Runs -------------------------------------------------------------------------------------

if have_zsh; then
	runs_of() { # NAME [STATE]
		store_sql timed "SELECT count(*) FROM runs WHERE object_key = 'run/$1'
			AND state LIKE '${2-%}'"
	}
	next_of() { # NAME
		store_sql timed "SELECT next_at FROM schedules WHERE key = 'run/$1'"
	}

	test_expect_success 'a Run is run when it is due, and once for each time' '
		shop timed && put_runbook timed Hello <<<"echo hello" &&
		put_run timed yearly Hello "schedule: {cron: \"0 0 1 1 *\"}" && commit_all timed one &&
		serve timed && wait_until eval "[ -n \"\$(next_of yearly)\" ]" &&
		wait_until gives "$(next_of yearly)" queue_of timed reconcile not_before &&
		is "$(runs_of yearly)" 0 &&
		make_due timed yearly && queue_due timed reconcile &&
		wait_until gives 1 runs_of yearly done &&
		wait_until queue_due timed reconcile && wait_until serve_says "reconcile of branch done" 3 &&
		is "$(runs_of yearly)" 1 && trueup -C timed run show yearly >out &&
		grep "done .*schedule, os:" out
	'

	test_expect_success 'a due time is neither lost nor taken twice when the server is killed' '
		mkfifo held && : >began && chmod 666 held began && chmod 0711 "$TRASH" &&
		put_runbook timed Held "isolation: none" <<-END &&
			echo began >>$TRASH/began
			read line <$TRASH/held
		END
		put_run timed held Held "schedule: {cron: \"0 0 1 1 *\"}" && commit_all timed two &&
		wait_until eval "[ -n \"\$(next_of held)\" ]" && make_due timed held &&
		wait_until queue_due timed reconcile &&
		wait_until grep began began && is "$(runs_of held running)" 1 && serve_kill &&
		make_due timed yearly && serve_start server.yaml &&
		exec 9<>held && echo go >&9 && wait_until gives 2 runs_of yearly done &&
		wait_until gives 0 runs_of held running && is "$(runs_of held)" 1 &&
		wait_until queue_due timed reconcile && wait_until serve_says "reconcile of branch done" 2 &&
		is "$(runs_of held)" 1 && is "$(runs_of yearly)" 2 && is "$(cat began)" began &&
		exec 9>&- && serve_stop
	'
else
	skip 'a Run is run when it is due, and once for each time' 'zsh is not installed'
	skip 'a due time is neither lost nor taken twice when the server is killed' \
		'zsh is not installed'
fi

test_done
