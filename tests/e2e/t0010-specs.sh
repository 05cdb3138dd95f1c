#!/bin/bash
# Protects: validate, fmt and explain as people and CI call them: what is found, where it is
# printed, exit codes, and that fmt never changes what a spec says.
. "$(dirname "$0")/lib.sh"

mkdir -p shop/roles shop/canvases
cat >shop/roles/web-team.yaml <<'EOF'
apiVersion: trueup/v1
kind: Role
metadata: {name: web-team}
spec:
  account: "123456789012"
  region: eu-west-1
  allowedServices: [EC2, S3]
EOF
cat >shop/canvases/shop.yaml <<'EOF'
apiVersion: trueup/v1
kind: Canvas
metadata: {name: shop}
spec:
  # the files
  nodes:
    - id: files   # keep
      data: {resourceType: S3}
  role: web-team
EOF

test_expect_success 'valid specs are valid' '
	trueup -C shop validate >out 2>err && [ ! -s err ] &&
	is "$(cat out)" "2 specs are valid" &&
	trueup validate shop
'

test_expect_success 'fmt --check lists what is not formatted and changes nothing' '
	cp shop/canvases/shop.yaml before &&
	expect_exit 1 trueup -C shop fmt --check >out &&
	is "$(cat out)" canvases/shop.yaml && test_cmp before shop/canvases/shop.yaml
'

test_expect_success 'fmt writes the canonical form with its comments, once' '
	trueup -C shop fmt >out && is "$(cat out)" canvases/shop.yaml &&
	cat >want <<-EOF &&
	apiVersion: trueup/v1
	kind: Canvas
	metadata: {name: shop}
	spec:
	  role: web-team
	  # the files
	  nodes:
	    - id: files  # keep
	      data: {resourceType: S3}
	EOF
	test_cmp want shop/canvases/shop.yaml &&
	trueup -C shop fmt --check >out && [ ! -s out ] && trueup -C shop validate
'

test_expect_success 'a size that is newer than this trueup is used as soon as Config knows it' '
	cp -r shop newer &&
	sed -i "s/resourceType: S3}/resourceType: EC2, config: {instanceType: t9.large}}/" \
		newer/canvases/shop.yaml &&
	expect_exit 3 trueup validate newer 2>err &&
	grep -F "add it to knownValues.instanceTypes in trueup.yaml" err &&
	printf "%s\n" "apiVersion: trueup/v1" "kind: Config" "spec:" \
		"  knownValues: {instanceTypes: [t9.large]}" >newer/trueup.yaml &&
	trueup validate newer
'

test_expect_success 'every mistake of every file in one run, with exit code 3' '
	cp -r shop bad &&
	sed -i "s/S3}/SQS}/" bad/canvases/shop.yaml &&
	sed -i "s/\"123456789012\"/123456789012/" bad/roles/web-team.yaml &&
	expect_exit 3 trueup -C bad validate >out 2>err && [ ! -s out ] &&
	like "$(cat err)" "canvases/shop.yaml:9:28: error: .*may not use SQS \[role-service\]" &&
	like "$(cat err)" "roles/web-team.yaml:5:12: error: .*\[spec-account\]"
'

test_expect_success 'an id that is no text is one mistake and not the end' '
	mkdir -p odd/canvases && cp -r shop/roles odd/ && printf "%s\n" "apiVersion: trueup/v1" \
		"kind: Canvas" "metadata: {name: odd}" "spec:" "  nodes:" \
		"    - {id: 5, data: {resourceType: S3}}" "    - {id: b, data: {resourceType: S3}}" \
		"    - {id: on, data: {resourceType: S3}}" >odd/canvases/odd.yaml &&
	expect_exit 3 trueup validate odd 2>err && cat err && grep "odd.yaml:6:12: error" err &&
	grep "odd.yaml:8:12: error" err && grep "^2 errors" err
'

test_expect_success 'validate -o json, sarif and github' '
	expect_exit 3 trueup -C bad validate -o json >out &&
	is "$(json out "len(d[\"diagnostics\"])")" 2 &&
	expect_exit 3 trueup -C bad validate -o sarif >out &&
	is "$(json out "d[\"version\"]")" 2.1.0 &&
	expect_exit 3 trueup -C bad validate -o github >out &&
	like "$(cat out)" "^::error file=canvases/shop.yaml,line=9,col=28"
'

test_expect_success 'fmt does not touch a file with mistakes' '
	printf "  quux: 1\n" >>bad/roles/web-team.yaml && cp bad/roles/web-team.yaml before &&
	expect_exit 3 trueup -C bad fmt 2>err &&
	like "$(cat err)" "unknown field .quux." && test_cmp before bad/roles/web-team.yaml
'

test_expect_success 'a secret is found and not shown' '
	cp -r shop leak && printf "# AKIAABCDEFGHIJKLMNOP\n" >>leak/roles/web-team.yaml &&
	expect_exit 3 trueup -C leak validate >out 2>err &&
	like "$(cat err)" "roles/web-team.yaml:8:3: error: .*\[secret-literal\]" &&
	! grep -r AKIA out err
'

test_expect_success 'explain names all that there is, fmt says that a folder is one' '
	expect_exit 1 trueup explain foo 2>err && cat err &&
	grep "there are config, role, canvas, run, server and the resource types" err &&
	for kind in $(sed "s/.*there are \(.*\) and the.*/\1/; s/,//g" err); do
		trueup explain "$kind" >out || return 1
	done && expect_exit 1 trueup -C shop fmt canvases 2>err && cat err &&
	grep "canvases is a folder: name the files in it" err
'

test_expect_success 'render: -o is a folder, and not taken for a format' '
	expect_exit 1 trueup -C shop render canvas/shop -o json 2>err && cat err &&
	grep -e "--output json, for a folder of that name -o ./json" err && [ ! -e shop/json ] &&
	trueup render --help >out && grep -e "--output FORMAT .*text json" out
'

test_expect_success 'explain prints kinds, kinds their fields, fields themselves' '
	trueup explain >out && like "$(cat out)" "config role canvas" &&
	trueup explain canvas >out && like "$(cat out)" "dependsOn" &&
	trueup explain Role.account >out && like "$(cat out)" "12 digits" &&
	trueup explain role.account -o json >out &&
	is "$(json out "d[\"field\"][\"required\"]")" true &&
	trueup explain ec2.instanceType >out && like "$(head -n 1 out)" "^EC2.instanceType  text" &&
	trueup explain S3 >out && like "$(cat out)" "versioning" &&
	expect_exit 1 trueup explain EC2.instancetype 2>err && like "$(cat err)" "instanceType" &&
	expect_exit 1 trueup explain canvas.netwrk 2>err &&
	like "$(cat err)" "did you mean .network."
'

test_done
