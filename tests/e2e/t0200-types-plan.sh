#!/bin/bash
# Protects: every resource type, alone and all together with every kind of edge, renders to files
# that Terraform finds well formatted and valid, and that it can plan.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
. "$TOP/tests/e2e/lib-canvas.sh"
need_terraform
need_moto

test_expect_success 'all types and edges in one canvas: render' '
	mkdir all again && "$RENDER" "$ROLE" "$ALL" all
'
test_expect_success 'the order of nodes and edges changes no byte' '
	canvas_edit "$ALL" turned.json "spec[\"nodes\"].reverse(); spec[\"edges\"].reverse()" &&
	"$RENDER" "$ROLE" turned.json again && diff -r all again
'
test_expect_success 'all types and edges: formatted' '"$TERRAFORM" fmt -check -diff all'
test_expect_success 'all types and edges: valid, without a warning' '
	tf all validate -json >validated.json &&
	is "$(json validated.json "d[\"valid\"], len(d[\"diagnostics\"])")" "[true, 0]"
'
test_expect_success 'all types and edges: planned' '
	tf all plan -input=false -no-color -out=plan >log || { cat log; false; } &&
	tf all show -json plan >plan.json &&
	is "$(json plan.json "d[\"errored\"]")" false &&
	is "$(json plan.json "sorted({a for r in d[\"resource_changes\"]
		for a in r[\"change\"][\"actions\"]})")" "[\"create\"]"
'

# Each type alone is a module of one configuration: one plan for all of them.
mkdir alone
cp all/providers.tf alone/
types=0
alone() {
	local id=$1 name=$2 edit=$3
	types=$((types + 1))
	test_expect_success "$name alone: renders, formatted" '
		mkdir "alone/$id" &&
		canvas_edit "$ALL" "$id.json" "$edit" &&
		"$RENDER" "$ROLE" "$id.json" "alone/$id" &&
		"$TERRAFORM" fmt -check -diff "alone/$id" &&
		rm "alone/$id/providers.tf"
	'
	printf 'module "%s" {\n  source = "./%s"\n}\n\n' "$id" "$id" >>alone/main.tf
}
while read -r id name; do
	alone "$id" "$name" "drop(*[n for n in node if n != \"$id\"])"
done <<'END'
front ALB
workers ASG
orders DYNAMODB
data EBS
web EC2
api ECS
cluster EKS
cache ELASTICACHE
key KMS
thumbs LAMBDA
nat NAT_GATEWAY
tcp NLB
db RDS
assets S3
office SECURITY_GROUP
events SNS
jobs SQS
END
alone cdn 'CLOUDFRONT (with its origin)' \
	'drop(*[n for n in node if n not in ("cdn", "assets")]); node["cdn"].clear()'
alone memcached 'ELASTICACHE (memcached)' 'drop(*[n for n in node if n != "cache"])
node["cache"].update(engine="memcached")'
alone dns 'ROUTE53' 'drop(*[n for n in node if n != "dns"]); del node["dns"]["hosts"]'
alone zone 'ROUTE53 (private)' 'drop(*[n for n in node if n != "dns"]); del node["dns"]["hosts"]
node["dns"]["private"] = True'
alone image 'LAMBDA (image)' 'drop(*[n for n in node if n != "thumbs"]); node["thumbs"].clear()
node["thumbs"]["image"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"'
alone fifo 'SNS and SQS (FIFO)' 'drop(*[n for n in node if n not in ("events", "jobs")])
node["events"].update(fifo=True)
node["jobs"].update(fifo=True)'
alone nats 'NAT_GATEWAY (one a zone)' 'drop(*[n for n in node if n != "nat"]); node["nat"]["perAz"] = True'
alone public 'EKS (public endpoint)' 'drop(*[n for n in node if n != "cluster"])
node["cluster"].update(publicEndpoint=True, publicFrom=["192.0.2.0/24"], max=5, nodeType="m7g.large")'
alone open 'NLB (public, TLS)' 'drop(*[n for n in node if n != "tcp"])
node["tcp"].update(internal=False, protocol="TLS",
	certificateArn="arn:aws:acm:us-east-1:123456789012:certificate/1")'

test_expect_success "$types canvases of one type: planned" '
	cp init/.terraform.lock.hcl alone/ &&
	TF_DATA_DIR=$TRASH/alone-data "$TERRAFORM" -chdir=alone init -input=false >log ||
		{ cat log; false; } &&
	TF_DATA_DIR=$TRASH/alone-data "$TERRAFORM" -chdir=alone plan -input=false -no-color >log ||
		{ cat log; false; } &&
	grep "^Plan: [0-9]* to add, 0 to change, 0 to destroy" log
'

test_done
