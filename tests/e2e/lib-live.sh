# shellcheck shell=bash
# shellcheck disable=SC2034 # what scripts that source it use
# For tests that apply a canvas with one of everything; source it after lib-terraform.sh and
# lib-canvas.sh, after need_moto.
#
#	CHANGES           the program that says what a plan does
#	updates           one change a type, for canvas_edit
#	forgotten         a file: what a second plan wants because of the emulator
#	live_apply        applies live.json in live/ and keeps the state in applied.tfstate
#	live_plan_again   a second plan, in again.json

CHANGES="python3 $TOP/tests/tools/plan_changes.py"

# Attributes that moto (5.2) does not keep, or makes up. Anything else that a second plan wants to
# change is a fault of what is rendered.
cat >forgotten <<'END'
replace aws_eks_node_group remote_access
update aws_autoscaling_group capacity_reservation_specification
update aws_autoscaling_group launch_template
update aws_autoscaling_policy enabled
update aws_autoscaling_policy predictive_scaling_configuration
update aws_cloudfront_distribution default_cache_behavior
update aws_cloudfront_distribution origin
update aws_cloudfront_distribution viewer_certificate
update aws_ecs_service availability_zone_rebalancing
update aws_ecs_service enable_ecs_managed_tags
update aws_ecs_service health_check_grace_period_seconds
update aws_lambda_function kms_key_arn
update aws_launch_template default_version
update aws_launch_template latest_version
update aws_launch_template tag_specifications
update aws_launch_template vpc_security_group_ids
update aws_sqs_queue redrive_policy
update aws_sqs_queue_redrive_policy redrive_policy
update aws_vpc_security_group_egress_rule description
update aws_vpc_security_group_ingress_rule description
END

# The code of the function must exist.
moto_put() {
	curl -sf -X PUT "$AWS_ENDPOINT_URL/$1" --data-binary "${2-}" -H "Authorization: AWS4-HMAC-SHA256 \
Credential=$AWS_ACCESS_KEY_ID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"
}
quietly() {
	"$@" >log 2>&1 || {
		grep -A12 Error log || tail -n 40 log
		return 1
	}
}

live_apply() {
	moto_put example-artifacts && moto_put example-artifacts/thumbs.zip code &&
		canvas_live live.json && mkdir live && "$RENDER" "$ROLE" live.json live &&
		quietly tf live apply -auto-approve -input=false -no-color -parallelism=30 &&
		cp live/terraform.tfstate applied.tfstate
}
live_plan_again() {
	quietly tf live plan -input=false -no-color -out=plan &&
		tf live show -json plan >again.json
}

# One change a type.
updates='
node["front"]["idleTimeoutSec"] = 90
node["workers"].update(max=5, instanceType="t3.medium")
node["cdn"]["priceClass"] = "PriceClass_200"
node["orders"]["pitr"] = False
node["data"]["sizeGb"] = 60
node["web"]["instanceType"] = "t3.small"
node["api"]["desired"] = 2
node["cluster"].update(diskGb=30, logDays=90)
node["key"]["deletionDays"] = 7
node["thumbs"].update(memoryMb=256, batchSize=5)
node["nat"]["tags"] = {"team": "x"}
node["tcp"]["crossZone"] = False
node["db"]["backupDays"] = 3
node["dns"]["records"]["mail"]["values"] = ["20 mx.example.com"]
node["assets"]["versioning"] = False
node["office"]["ingress"][0]["cidr"] = "198.51.100.0/24"
node["events"]["displayName"] = "Other"
node["jobs"]["visibilitySec"] = 200
'
