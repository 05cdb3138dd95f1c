#!/bin/bash
# Protects: the preview, which needs no cloud, names the very actions that Terraform plans.
# timeout: 900
# waits
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
. "$TOP/tests/e2e/lib-canvas.sh"
need_terraform
need_moto
. "$TOP/tests/e2e/lib-live.sh"

test_expect_success 'one of everything: applied' 'live_apply'

# The caches, which no emulator can apply, are put into the state as if they had been.
canvas_more() {
	canvas_edit live.json "$1" '
def add(id, kind, config):
    spec["nodes"].append({"id": id, "type": "resource",
                          "data": {"resourceType": kind, "label": id, "config": config}})

def link(source, *targets):
    spec["edges"] += [{"source": source, "target": t} for t in targets]

add("cache", "ELASTICACHE", {"nodes": 2})
add("mem", "ELASTICACHE", {"engine": "memcached"})
link("office", "cache")
link("key", "cache")
link("web", "cache")
node = {n["id"]: n["data"]["config"] for n in spec["nodes"]}
'"$2"
}

# planned NAME: a plan of NAME.json on the settled state, without asking the cloud.
planned() {
	rm -rf "$1" && mkdir "$1" && "$RENDER" "$ROLE" "$1.json" "$1" &&
		cp settled "$1/terraform.tfstate" &&
		quietly tf "$1" plan -refresh=false -input=false -no-color -out=plan &&
		tf "$1" show -json plan >"$1.plan.json"
}

test_expect_success 'the state to compare with' '
	live_plan_again && canvas_more base.json "" &&
	$CHANGES settle applied.tfstate again.json settled &&
	for round in 1 2 3; do
		planned base && $CHANGES settle settled base.plan.json next &&
			mv next settled || return 1
	done &&
	planned base
'

# same NAME AT-LEAST EDIT: the preview of an edit has the actions of its plan.
same() {
	local name=$1 least=$2 edit=$3
	test_expect_success "preview and plan agree: $name" '
		canvas_more edit.json "$edit" && planned edit &&
		$CHANGES changes edit.plan.json base.plan.json >by-terraform &&
		"$RENDER" -p "$ROLE" base.json edit.json >by-preview &&
		sort by-preview >by-preview.sorted &&
		sort by-terraform | diff -u - by-preview.sorted &&
		[ "$(wc -l <by-preview)" -ge "$least" ] || { wc -l by-preview; false; }
	'
}
same 'one change a type' 25 "$updates"'
node["cache"]["snapshotDays"] = 5
node["mem"]["nodes"] = 3
'
same 'new labels change tags only' 50 'for n in spec["nodes"]:
    n["data"]["label"] = "New " + n["data"]["label"]'
same 'replacements' 50 '
node["front"]["targetPort"] = 8080
del node["orders"]["rangeKey"], node["orders"]["rangeKeyType"]
node["db"].update(engine="mysql", engineVersion="8.0")
node["api"].update(cpu=1024, memory=2048)
node["dns"]["zone"] = "example.org"
node["key"]["alias"] = "other"
node["office"]["description"] = "Other"
node["tcp"]["targetPort"] = 6000
node["assets"]["bucketName"] = "another-bucket-name"
node["mem"]["nodeType"] = "cache.t4g.small"
'
same 'a server moves to a public subnet, the caches get another engine' 7 '
node["web"]["subnet"] = "public"
node["cache"]["engine"] = "redis"
node["mem"]["engine"] = "valkey"
'
same 'nodes and edges go' 20 '
drop("jobs", "dns", "cdn", "data")
cut("web", "db")
cut("tcp", "workers")
'
same 'the key goes' 8 'drop("key")'
same 'nodes and edges come' 25 '
add("web2", "EC2", {})
link("office", "web2")
link("front", "web2")
link("web2", "db")
add("more", "SQS", {})
link("events", "more")
add("bucket", "S3", {})
add("inside", "ROUTE53", {"zone": "internal.example", "private": True})
add("topic", "SNS", {"emails": ["ops@example.com"]})
add("mem2", "ELASTICACHE", {"engine": "memcached"})
node["nat"]["perAz"] = True
'
same 'things are turned on and off' 15 '
drop("data")
node["workers"]["targetCpu"] = 0
node["web"]["count"] = 2
node["jobs"]["dlq"] = False
node["thumbs"]["vpc"] = False
cut("thumbs", "db")
cut("office", "thumbs")
node["cluster"].update(version="1.34", nodes=3)
node["events"]["emails"] = ["a@example.com"]
node["orders"].update(billing="PROVISIONED", rcu=5, wcu=5)
node["api"].update(image="nginx:2", insights=False)
node["assets"].update(storageClass="STANDARD_IA", lifecycleDays=400)
node["tcp"]["port"] = 5001
'
same 'a third zone' 10 'spec["network"]["availabilityZones"] = 3'
same 'some keys go' 4 '
cut("key", "cache")
cut("key", "thumbs")
cut("key", "jobs")
cut("key", "events")
node["cache"].update(nodes=3, nodeType="cache.t4g.small", engineVersion="8.1")
'

test_expect_success 'preview and plan agree: everything comes' '
	tf live show -json plan >/dev/null && rm -rf new && mkdir new &&
	"$RENDER" "$ROLE" base.json new && quietly tf new plan -input=false -no-color -out=plan &&
	tf new show -json plan >new.plan.json &&
	$CHANGES changes new.plan.json | sort >by-terraform &&
	"$RENDER" -p "$ROLE" - base.json | sort | diff -u by-terraform -
'
test_expect_success 'preview and plan agree: everything goes' '
	mkdir gone && cp base/*.tf gone/ && cp settled gone/terraform.tfstate &&
	quietly tf gone plan -destroy -refresh=false -input=false -no-color -out=plan &&
	tf gone show -json plan >gone.plan.json &&
	$CHANGES changes gone.plan.json | sort >by-terraform &&
	"$RENDER" -p "$ROLE" base.json - | sort | diff -u by-terraform -
'

test_done
