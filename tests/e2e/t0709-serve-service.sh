#!/bin/bash
# Protects: a server as a service: its manager hears when it is ready, reloads and stops, and that
# its loop turns; one client cannot take all connections; and its log has a line for each event.
# timeout: 120
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-serve.sh"

start_ear() {
	python3 "$TOP/tests/tools/notify-socket.py" "$TRASH/notify" "$TRASH/said" &
	EAR=$!
	at_exit "kill $EAR"
	wait_until test -S "$TRASH/notify"
}
# said FIELD COUNT: was the manager told this just so often?
said() {
	[ "$(grep -cx -- "$1" said)" = "$2" ]
}
# The fields that say what it does, in their order.
turns() {
	grep -xE '(READY|RELOADING|STOPPING)=1' said | tr '\n' ' '
}
status_url() {
	sed -n 's|.*listening at ||p' "$TRASH/serve.log" | tail -n 1
}

new_repo shop && write_role shop web && commit_all shop one
SHOP="- {name: shop, path: $TRASH/shop}"

test_expect_success 'its manager hears when it is ready, what it serves, and that its loop turns' '
	start_ear && write_server server.yaml "poll: {every: 0s}" -- "$SHOP" &&
	export NOTIFY_SOCKET=$TRASH/notify WATCHDOG_USEC=200000 && serve_start server.yaml &&
	wait_until said READY=1 1 && wait_until grep -x "STATUS=1 repositories, 0 workers" said &&
	wait_until eval "[ \$(grep -cx WATCHDOG=1 said) -ge 3 ]"
'

test_expect_success 'it says that it reloads and is ready again, also when the file has mistakes' '
	kill -HUP "$SERVER" && wait_until said READY=1 2 &&
	grep -xE "MONOTONIC_USEC=[0-9]+" said && is "$(turns)" "READY=1 RELOADING=1 READY=1 " &&
	sed -i "s/path:/paht:/" server.yaml && kill -HUP "$SERVER" && wait_until said READY=1 3 &&
	serve_says "configuration stays as it was" &&
	is "$(turns)" "READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 "
'

test_expect_success 'it says that it stops, once' '
	serve_stop && said STOPPING=1 1 && like "$(turns)" "READY=1 STOPPING=1 \$"
'

test_expect_success 'one that cannot start is never ready' '
	: >said && expect_exit 3 trueup serve --config server.yaml && is "$(turns)" ""
'
unset NOTIFY_SOCKET WATCHDOG_USEC

# --- connections ------------------------------------------------------------------------------

clients() {
	python3 - "$1" <<-'PY'
	import http.client, sys, urllib.parse
	url = urllib.parse.urlsplit(sys.argv[1])

	def client(source):
	    return http.client.HTTPConnection(url.hostname, url.port, timeout=30,
	                                      source_address=(source, 0))

	def ask(connection):
	    try:
	        connection.request("GET", "/healthz")
	        return connection.getresponse().read().decode().strip()
	    except (ConnectionError, http.client.HTTPException):
	        return "cut"

	one, two, three, other = client("127.0.0.1"), client("127.0.0.1"), client("127.0.0.1"), \
	    client("127.0.0.2")
	print(ask(one), ask(two), ask(three), ask(other), ask(one))
	one.close()
	two.close()
	answer = "cut"
	while answer == "cut":  # until the server has seen their end
	    answer = ask(client("127.0.0.1"))
	print(answer)
	PY
}

test_expect_success 'one client has so many connections at once, and others have theirs' '
	write_server server.yaml "poll: {every: 0s}" "listen: {status: \"127.0.0.1:0\"}" \
		"limits: {connections: 8, connectionsPerClient: 2}" -- "$SHOP" &&
	serve_start server.yaml && clients "$(status_url)" >out &&
	printf "%s\n" "ok ok cut ok ok" ok >want && test_cmp want out
'

test_expect_success 'the limit changes with a reload' '
	sed -i "s/connectionsPerClient: 2/connectionsPerClient: 3/" server.yaml &&
	kill -HUP "$SERVER" && wait_until serve_says "read the configuration anew" &&
	clients "$(status_url)" >out && head -n 1 out >first &&
	is "$(cat first)" "ok ok ok ok ok" && serve_stop
'

test_done
