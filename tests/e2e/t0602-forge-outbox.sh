#!/bin/bash
# Protects: what is to be said to a forge arrives, once, whatever happens on the way: the forge
# down, rate limits, answers that get lost, expired tokens, comments that people delete, attempts
# that die.
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-forge.sh"
forge_start

HEAD=$(printf '%040d' 1 | tr 0 a)
NOW=$(date +%s)000
at() { # SECONDS COMMAND...: with the clock so much further
	local seconds=$1
	shift
	FORGE_NOW=$((NOW + seconds * 1000)) "$@"
}
fresh() {
	rm -rf "$TRASH/state" && forge_reset &&
	forge_set '{"comments": null, "statuses": null, "reactions": []}' &&
	forge_set '{"comments": {}, "statuses": {}, "tokens": ["test-token"],
		"pulls": {"1": {"number": 1, "head": "'"$HEAD"'"}}}'
}
bodies() { # of the comments, in their order
	forge_state '"\n====\n".join(s["comments"][k]["body"] for k in sorted(s["comments"], key=int))'
}
comment_count() {
	forge_state 'len(s["comments"])'
}
posts() {
	forge_requests "^POST .*($1)" | wc -l
}

for kind in github gitlab gitea; do
	test_expect_success "$kind: says all of it, in order, and says nothing twice" '
		fresh &&
		at 0 put status $HEAD trueup/validate success "4 specs are valid" &&
		at 0 put status $HEAD trueup/plan pending "planning 1 of 1" &&
		echo "preview" | at 0 put comment 1 plan &&
		at 0 put reaction 1 77 eyes &&
		at 1 deliver $kind >out && cat out && grep "delivered 4 failed 0 dead 0 next never" out &&
		bodies && bodies | head -n 1 | grep "^<!-- trueup:plan:1 -->$" &&
		echo "preview" | at 2 put comment 1 plan &&
		at 2 put status $HEAD trueup/plan pending "planning 1 of 1" &&
		at 2 deliver $kind | grep "delivered 0" &&
		echo "the plan" | at 3 put comment 1 plan &&
		at 3 put status $HEAD trueup/plan success "1 object planned" &&
		at 3 deliver $kind | grep "delivered 2" &&
		[ "$(comment_count)" = 1 ] && bodies | grep "the plan" &&
		[ "$(posts statuses)" = 3 ]
	'

	test_expect_success "$kind: a newer wish takes the place of one that was not delivered" '
		fresh &&
		for i in 1 2 3 4 5; do
			at $i put status $HEAD trueup/plan pending "planning $i" &&
			echo "text $i" | at $i put comment 1 plan || return 1
		done &&
		at 9 deliver $kind | grep "delivered 2" && [ "$(posts statuses)" = 1 ] &&
		bodies | grep "text 5" && [ "$(comment_count)" = 1 ]
	'

	test_expect_success "$kind: a forge that is down is tried again, and nothing is lost" '
		fresh &&
		at 0 put status $HEAD trueup/plan success ok && echo "text" | at 0 put comment 1 plan &&
		forge_fault "{\"match\": \".\", \"times\": 99, \"status\": 502}" &&
		expect_exit 3 at 0 deliver $kind >out && cat out && grep "failed 2" out &&
		expect_exit 3 at 1 deliver $kind >out && grep "delivered 0 failed 0" out &&
		expect_exit 3 at 60 deliver $kind >out && grep "failed 2" out && forge_reset &&
		at 600 deliver $kind >out && cat out && grep "delivered 2 .* next never" out &&
		[ "$(comment_count)" = 1 ]
	'

	# No other forge has a word for it, and success could let it be merged.
	[ "$kind" = gitlab ] && ended=canceled || ended=error
	test_expect_success "$kind: what is pending ends when nobody works on it any more" '
		fresh && at 0 put status $HEAD trueup/plan success ok &&
		at 0 put status $HEAD trueup/apply pending waits && at 0 deliver $kind &&
		at 1 put end $HEAD "superseded by 1234567" &&
		forge_fault "{\"match\": \"POST\", \"after\": true, \"close\": true}" &&
		expect_exit 3 at 1 deliver $kind && at 60 deliver $kind | grep "delivered 1" &&
		is "$(posts statuses)" 3 && is "$(forge_state "\" \".join(
			\"%(context)s:%(state)s:%(description)s\" % x
			for x in s[\"statuses\"][\"$HEAD\"] if x[\"state\"] != \"pending\")")" \
			"trueup/plan:success:ok trueup/apply:$ended:superseded by 1234567" &&
		at 61 put end $HEAD "superseded by 7654321" && at 61 deliver $kind | grep "delivered 0"
	'

	test_expect_success "$kind: an answer that got lost does not make a second comment" '
		fresh && echo "text" | at 0 put comment 1 plan &&
		echo "answer" | at 0 put reply 1 op-1 &&
		forge_fault "{\"match\": \"POST\", \"after\": true, \"status\": 504}" &&
		expect_exit 3 at 0 deliver $kind &&
		forge_fault "{\"match\": \"POST\", \"after\": true, \"close\": true}" &&
		expect_exit 3 at 60 deliver $kind && [ "$(posts "comments|notes")" = 2 ] &&
		at 600 deliver $kind && [ "$(comment_count)" = 2 ] &&
		echo "answer" | at 700 put reply 1 op-1 && at 700 deliver $kind | grep "delivered 0"
	'

	test_expect_success "$kind: a comment that somebody deleted is made again" '
		fresh && echo "one" | at 0 put comment 1 plan && at 0 deliver $kind &&
		forge_set "{\"comments\": null}" && forge_set "{\"comments\": {}}" &&
		echo "two" | at 1 put comment 1 plan && at 1 deliver $kind &&
		[ "$(comment_count)" = 1 ] && bodies | grep two &&
		id=$(forge_state "list(s[\"comments\"])[0]") &&
		forge_set "{\"comments\": null}" && forge_set "{\"comments\": {}}" &&
		at 2 put deleted 1 "$id" && at 2 deliver $kind | grep "delivered 1" &&
		bodies | grep two && at 3 put deleted 1 4711 && at 3 deliver $kind | grep "delivered 0"
	'

	test_expect_success "$kind: a state folder that was lost finds its comment again" '
		fresh && echo "one" | at 0 put comment 1 plan && at 0 deliver $kind &&
		rm -rf "$TRASH/state" && echo "two" | at 1 put comment 1 plan && at 1 deliver $kind &&
		[ "$(comment_count)" = 1 ] && bodies | grep two
	'

	test_expect_success "$kind: text of somebody else that looks like ours is left alone" '
		fresh &&
		forge_set "{\"comments\": {\"5\": {\"id\": 5, \"pull\": 1, \"author\": \"mallory\",
			\"body\": \"<!-- trueup:plan:1 -->\nmine\"}}}" &&
		echo "one" | at 0 put comment 1 plan && at 0 deliver $kind &&
		[ "$(comment_count)" = 2 ] &&
		[ "$(forge_state "s[\"comments\"][\"5\"][\"body\"]" | tail -n 1)" = mine ]
	'

	test_expect_success "$kind: waits as long as the forge wants" '
		fresh && at 0 put status $HEAD trueup/plan success ok &&
		at 0 put status $HEAD trueup/apply pending no &&
		wait=$(($(date +%s) + 300)) &&
		forge_fault "{\"match\": \"POST\", \"status\": 429,
			\"headers\": {\"Retry-After\": \"300\"}}" &&
		FORGE_NOW= expect_exit 3 deliver $kind >out && cat out && grep "failed 1 dead 0" out &&
		[ "$(posts statuses)" = 1 ] &&
		FORGE_NOW=$((wait * 1000 - 60000)) expect_exit 3 deliver $kind >out &&
		grep "delivered 0 failed 0" out &&
		FORGE_NOW=$((wait * 1000 + 60000)) deliver $kind | grep "delivered 2"
	'

	test_expect_success "$kind: an expired token waits for a new one, visibly" '
		fresh && at 0 put status $HEAD trueup/plan success ok &&
		echo x | at 0 put comment 1 plan &&
		forge_set "{\"tokens\": [\"new\"]}" &&
		expect_exit 3 at 0 deliver $kind >out && cat out && grep "failed 1 dead 0" out &&
		"$tool" rows state | grep "due .*401.*put a new one" &&
		! grep -ra test-token state &&
		FORGE_TOKEN=new at 60 deliver $kind | grep "delivered 2 failed 0"
	'

	test_expect_success "$kind: what is refused as such is given up at once and holds up nothing" '
		fresh && at 0 put status nonsense trueup/plan success ok &&
		echo x | at 0 put comment 1 plan &&
		forge_fault "{\"match\": \"POST.*statuses/nonsense\", \"status\": 422,
			\"body\": \"{\\\"message\\\": \\\"No commit found\\\"}\"}" &&
		expect_exit 4 at 0 deliver $kind >out && cat out && grep "^dead shop/status/nonsense" out &&
		grep "delivered 1 failed 0 dead 1 next never" out &&
		"$tool" rows state | grep "^dead status/nonsense.*No commit found"
	'

	test_expect_success "$kind: a long comment is several, that shrink and grow with it" '
		fresh &&
		{ echo "<details><summary>plan</summary>"; echo; echo "\`\`\`diff"
		seq -f "+ aws_instance.web_%030.0f" 40000; echo "\`\`\`"; echo; echo "</details>"; } >long &&
		at 0 put comment 1 plan <long && at 0 deliver $kind && many=$(comment_count) &&
		[ "$many" -ge 2 ] && bodies | grep "^\*part 2 of" &&
		echo short | at 1 put comment 1 plan && at 1 deliver $kind && [ "$(comment_count)" = 1 ] &&
		bodies | grep short &&
		at 2 put comment 1 plan <long && at 2 deliver $kind && [ "$(comment_count)" = "$many" ] &&
		at 3 put comment 1 plan </dev/null && at 3 deliver $kind && [ "$(comment_count)" = 0 ]
	'
done

test_expect_success 'parts stand in their order when people deleted one of them' '
	fresh && seq -f "line %020.0f" 8000 >long &&
	at 0 put comment 1 plan <long && at 0 deliver github &&
	many=$(comment_count) && [ "$many" = 4 ] &&
	second=$(forge_state "sorted(s[\"comments\"], key=int)[1]") &&
	forge_set "{\"comments\": {\"$second\": null}}" &&
	at 1 put deleted 1 "$second" && at 1 deliver github &&
	bodies | grep -o "trueup:plan:[0-9]*" >out &&
	printf "trueup:plan:%s\n" 1 2 3 4 >expect && diff expect out
'

test_expect_success 'github: the secondary limit in words alone is a limit' '
	fresh && at 0 put status $HEAD trueup/plan success ok &&
	forge_fault "{\"match\": \"POST\", \"status\": 403, \"body\":
		\"{\\\"message\\\": \\\"You have exceeded a secondary rate limit.\\\"}\"}" &&
	expect_exit 3 at 0 deliver github >out && cat out && grep "failed shop.*rate limit" out &&
	FORGE_NOW=$((($(date +%s) + 120) * 1000)) deliver github | grep "delivered 1"
'

test_expect_success 'github: nothing remains until the reset: waits for that' '
	fresh && at 0 put status $HEAD trueup/plan success ok &&
	reset=$(($(date +%s) + 900)) &&
	forge_fault "{\"match\": \"POST\", \"status\": 403, \"headers\": {
		\"X-RateLimit-Remaining\": \"0\", \"X-RateLimit-Reset\": \"$reset\"}}" &&
	expect_exit 3 deliver github &&
	FORGE_NOW=$((reset * 1000 - 5000)) expect_exit 3 deliver github | grep "delivered 0" &&
	FORGE_NOW=$((reset * 1000 + 5000)) deliver github | grep "delivered 1"
'

test_expect_success 'gitlab: a status whose answer got lost counts as set' '
	fresh && at 0 put status $HEAD trueup/plan pending ok &&
	forge_fault "{\"match\": \"POST\", \"after\": true, \"status\": 502}" &&
	expect_exit 3 at 0 deliver gitlab && at 60 deliver gitlab | grep "delivered 1" &&
	[ "$(posts statuses)" = 1 ]
'

test_expect_success 'killed in the middle of a delivery, the next one ends it' '
	fresh && echo "one" | at 0 put comment 1 plan && at 0 put status $HEAD trueup/plan success ok &&
	forge_fault "{\"match\": \"POST.*comments\", \"after\": true, \"hang\": 30}" &&
	asked() { [ -n "$(forge_requests "^POST .*comments")" ]; } &&
	{ FORGE_NOW=$NOW "$tool" deliver state github "$(url_of github)" octo/shop test-token & } &&
	pid=$! && wait_until asked && kill -9 $pid && wait $pid
	at 60 deliver github | grep "next never" && [ "$(comment_count)" = 1 ]
'

test_expect_success 'two at once: one delivers, the other leaves it to that one' '
	fresh && echo "one" | at 0 put comment 1 plan &&
	forge_fault "{\"match\": \"POST.*comments\", \"after\": true, \"hang\": 1, \"status\": 503}" &&
	asked() { [ -n "$(forge_requests "^POST .*comments")" ]; } &&
	{ FORGE_NOW=$NOW "$tool" deliver state github "$(url_of github)" octo/shop test-token >first & } &&
	pid=$! && wait_until asked &&
	expect_exit 1 at 0 deliver github 2>err && grep "^conflict" err &&
	expect_exit 3 wait $pid && at 60 deliver github && [ "$(comment_count)" = 1 ]
'

test_expect_success 'doctor shows what was given up and what waits' '
	fresh && at 0 put status nonsense trueup/plan success ok &&
	forge_fault "{\"match\": \"POST\", \"status\": 422, \"body\": \"{\\\"message\\\": \\\"no\\\"}\"}" &&
	expect_exit 4 at 0 deliver github && at 1 put status $HEAD trueup/plan success ok &&
	new_repo repo && write_role repo web-team && commit_all repo "A role" &&
	chmod 700 state && expect_exit 1 trueup --state "$TRASH/state" doctor repo >out && cat out &&
	grep "^problem  *outbox  *status/nonsense/trueup/plan for shop was given up: .*422" out &&
	grep "outbox  *1 to be delivered, the oldest since 20" out
'

test_done
