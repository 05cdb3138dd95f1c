#!/bin/sh
# Installs what other people wrote for testing against GitHub, from npm, into build/npm: its
# published API description, a server that answers and checks by it, and examples of its webhooks.
# Without npm or a network the tests that need them are skipped and say so; no failure here.
set -eu

packages='@stoplight/prism-cli@5.14.2 @octokit/openapi@23.0.2 @octokit/webhooks-examples@7.6.1'
to=build/npm
[ "$(cat $to/installed 2>/dev/null || :)" != "$packages" ] || exit 0
if ! command -v npm >/dev/null || ! command -v node >/dev/null; then
	echo 'setup: npm is not installed; tests against the published API of GitHub are skipped'
	exit 0
fi

echo "setup: installing $packages"
rm -rf $to
mkdir -p $to
log=$to/log
# shellcheck disable=SC2086 # words on purpose
if ! npm install --prefix $to --no-audit --no-fund --loglevel=error --ignore-scripts \
	--fetch-retries=1 --fetch-timeout=60000 $packages >$log 2>&1; then
	tail -n 5 $log
	rm -rf $to
	echo 'setup: npm reaches no registry; tests against the published API of GitHub are skipped'
	exit 0
fi

# Of hundreds of megabytes of descriptions one is wanted.
find $to/node_modules/@octokit/openapi/generated -name '*.json' ! -name api.github.com.json -delete

# One file a payload: webhooks/EVENT/NUMBER.json
node - $to <<'JS'
const fs = require("fs");
const to = process.argv[2];
const from = to + "/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
for (const event of JSON.parse(fs.readFileSync(from))) {
	const dir = to + "/webhooks/" + event.name;
	fs.mkdirSync(dir, { recursive: true });
	event.examples.forEach((payload, i) =>
		fs.writeFileSync(dir + "/" + i + ".json", JSON.stringify(payload, null, 2)));
}
JS
echo "$packages" >$to/installed
