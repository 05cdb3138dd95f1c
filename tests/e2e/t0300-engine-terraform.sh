#!/bin/bash
# Protects: the engine plans, applies exactly the plan it showed, records what exists, does nothing
# the second time, sees drift and stale plans, and destroys; with real terraform and an emulator.
# timeout: 900
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/e2e/lib-terraform.sh"
need_terraform
need_moto

TOOL=$TOP/${TRUEUP_BUILD:-build/release}/tools/engine-tool
STATE=$TRASH/state
engine() {
	"$TOOL" "$STATE" "$@" 2>events
}
sha() {
	sed -n 's/^sha256 //p' "$1"
}

mkdir files
cat >files/providers.tf <<'END'
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}

provider "aws" {
  region = "eu-west-1"
}
END
cat >files/network.tf <<'END'
resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
  tags = {
    Name = "shop"
  }
}

resource "aws_s3_bucket" "logs" {
  bucket = "trueup-test-logs"
}

variable "token" {
  type      = string
  sensitive = true
  default   = "a-secret-default-value"
}

resource "aws_ssm_parameter" "token" {
  name  = "/shop/token"
  type  = "SecureString"
  value = var.token
}

output "vpc" {
  value = aws_vpc.main.id
}

output "token" {
  value     = var.token
  sensitive = true
}
END

test_expect_success 'plans with real terraform and shows what a person reviews' '
	engine shop files plan normal "$TRASH/p1" >plan1 &&
	grep "^counts 3 0 0$" plan1 &&
	grep "^changes 1$" plan1 &&
	grep "^item create aws_vpc.main$" plan1 &&
	grep "^attribute cidr_block - -> \"10.0.0.0/16\"$" plan1 &&
	grep "^attribute value - -> - sensitive$" plan1 &&
	grep "^planned aws_s3_bucket.logs create" events &&
	is "$(sha plan1)" "$(sha256sum <p1 | cut -d" " -f1)" &&
	is "$(stat -c %a p1)" 600
'

test_expect_success 'refuses a plan file that is not the reviewed one' '
	cp p1 forged && printf x >>forged &&
	expect_exit 1 engine shop files apply "$TRASH/forged" "$(sha plan1)" >out &&
	grep "^failed conflict: the plan file .* is not the one that was reviewed" out &&
	is "$(moto_count DescribeVpcs vpcId)" 1
'

test_expect_success 'applies that plan and says what exists' '
	engine shop files apply "$TRASH/p1" "$(sha plan1)" >applied &&
	grep "^end done$" applied &&
	grep "^counts 3 0 0$" applied &&
	grep "^resource aws_s3_bucket aws_s3_bucket.logs trueup-test-logs$" applied &&
	grep "^output vpc \"vpc-" applied &&
	grep "^output token (sensitive)$" applied &&
	grep "^complete aws_vpc.main create" events &&
	is "$(moto_count DescribeVpcs vpcId)" 2
'

test_expect_success 'no secret is in what is kept or shown, and nothing is for others to read' '
	! grep -r -l -e a-secret-default-value -e "$AWS_SECRET_ACCESS_KEY" \
		--exclude=terraform.tfstate --exclude="*.tf" "$STATE" plan1 applied events &&
	is "$(find "$STATE" -type f -perm /077 ! -path "*/providers/*" ! -name ".terraform.lock.hcl" |
		wc -l)" 0 &&
	is "$(find "$STATE" -type d -perm /077 ! -path "*/providers/*" ! -path "*/plugin-cache/*" |
		wc -l)" 0
'

test_expect_success 'a plan that was applied is stale' '
	expect_exit 2 engine shop files apply "$TRASH/p1" "$(sha plan1)" >out &&
	grep "^end plan-stale$" out &&
	is "$(moto_count DescribeVpcs vpcId)" 2
'

test_expect_success 'the second plan has nothing to do and needs no init' '
	engine shop files plan normal "$TRASH/p2" >plan2 &&
	grep "^changes 0$" plan2 &&
	! grep -E "^(item|drift)" plan2 &&
	! grep "^step - no-op init" events
'

test_expect_success 'another canvas with the same providers needs no init either' '
	engine blog files plan normal "$TRASH/p3" >plan3 &&
	grep "^counts 3 0 0$" plan3 &&
	! grep "^step - no-op init" events
'

test_expect_success 'a lost data folder is prepared again' '
	rm -rf "$STATE"/terraform-data &&
	engine shop files plan normal "$TRASH/p2" >plan2 &&
	grep "^changes 0$" plan2 &&
	grep "^step - no-op init" events &&
	for dir in "$STATE"/terraform-data/*; do rm -rf "$dir/providers"; done &&
	engine shop files plan normal "$TRASH/p2" >plan2 &&
	grep "^changes 0$" plan2
'

test_expect_success 'a changed file changes just that, in words' '
	sed -i "s/Name = \"shop\"/Name = \"store\"/; s/10.0.0.0/10.1.0.0/" files/network.tf &&
	engine shop files plan normal "$TRASH/p4" >plan4 &&
	grep "^counts 1 0 1$" plan4 &&
	grep "^item replace aws_vpc.main$" plan4 &&
	grep "^attribute cidr_block \"10.0.0.0/16\" -> \"10.1.0.0/16\" replaces$" plan4 &&
	grep "^attribute tags {\"Name\":\"shop\"} -> {\"Name\":\"store\"}$" plan4
'

test_expect_success 'what somebody deleted outside is drift' '
	sed -i "s/Name = \"store\"/Name = \"shop\"/; s/10.1.0.0/10.0.0.0/" files/network.tf &&
	vpc=$(sed -n "s/^output vpc \"\(.*\)\"/\1/p" applied) &&
	curl -sf "$AWS_ENDPOINT_URL/?Action=DeleteVpc&VpcId=$vpc&Version=2016-11-15" \
		-H "Authorization: AWS4-HMAC-SHA256 Credential=x/20260101/eu-west-1/ec2/aws4_request" &&
	engine shop files plan normal "$TRASH/p5" >plan5 &&
	grep "^drift delete aws_vpc.main$" plan5 &&
	grep "^item create aws_vpc.main$" plan5
'

test_expect_success 'an error is the words of the engine, with the address' '
	mkdir -p bad && cp files/*.tf bad/ &&
	sed -i "s/bucket = \"trueup-test-logs\"/bucket = \"trueup-test-logs\"\n  count  = \"x\"/" \
		bad/network.tf &&
	expect_exit 1 engine bad bad plan normal "$TRASH/p6" >out &&
	grep "^failed invalid: terraform plan of bad: network.tf:[0-9]*: .*a number is required" out &&
	! test -e p6
'

test_expect_success 'an apply that fails half-way says what exists' '
	cat >bad/network.tf <<-\END &&
	resource "aws_vpc" "ok" {
	  cidr_block = "10.9.0.0/16"
	}

	resource "aws_subnet" "outside" {
	  vpc_id     = aws_vpc.ok.id
	  cidr_block = "10.77.0.0/24"
	}
	END
	engine bad bad plan normal "$TRASH/p7" >plan7 &&
	expect_exit 2 engine bad bad apply "$TRASH/p7" "$(sha plan7)" >out &&
	grep "^end failed$" out &&
	grep "^error terraform apply of bad: aws_subnet.outside: " out &&
	grep "^resource aws_vpc aws_vpc.ok vpc-" out &&
	grep "^import-check 0$" out
'

test_expect_success 'a state that another terraform holds is named as such' '
	python3 - "$STATE/terraform/shop/terraform.tfstate" hold <<-\END &
	import fcntl, os, struct, sys, time
	f = open(sys.argv[1], "r+b")
	fcntl.fcntl(f, fcntl.F_SETLK, struct.pack("hhqqi", fcntl.F_WRLCK, 0, 0, 0, 0))
	with open(os.path.dirname(sys.argv[1]) + "/.terraform.tfstate.lock.info", "w") as info:
	    info.write("{\"ID\":\"1\",\"Operation\":\"OperationTypeApply\",\"Who\":\"eve@host\","
	               "\"Version\":\"1\",\"Created\":\"2026-01-02T03:04:05Z\",\"Path\":\"x\"}")
	open("held", "w").close()
	time.sleep(1000)
	END
	holder=$! &&
	wait_until test -e held &&
	TF_CLI_ARGS_plan=-lock=false expect_exit 1 engine shop files plan normal "$TRASH/p8" >out
	kill "$holder" && wait "$holder"
	rm -f "$STATE/terraform/shop/.terraform.tfstate.lock.info" &&
	grep "^failed conflict: terraform plan of shop: another terraform holds the lock" out &&
	grep "eve@host, OperationTypeApply, since 2026-01-02" out
'

test_expect_success 'destroys with the recorded files' '
	engine shop files plan destroy "$TRASH/p9" >plan9 &&
	grep "^counts 0 0 2$" plan9 &&
	engine shop files apply "$TRASH/p9" "$(sha plan9)" >out &&
	grep "^end done$" out &&
	grep "^counts 0 0 2$" out &&
	! grep "^resource" out
'

test_expect_success 'a base role is assumed in another account' '
	mkdir -p other && cp files/network.tf other/ &&
	sed "s|region = .*|&\n  assume_role {\n    role_arn = \"$(moto_role_arn 222233334444)\"\n  }|" \
		files/providers.tf >other/providers.tf &&
	engine other other plan normal "$TRASH/p10" >plan10 &&
	engine other other apply "$TRASH/p10" "$(sha plan10)" >out &&
	grep "^end done$" out &&
	is "$(moto_count DescribeVpcs vpcId)" 2
'

test_expect_success 'an engine that is not there is said in one sentence' '
	mkdir -p empty &&
	PATH=$TRASH/empty expect_exit 1 "$TOOL" "$STATE" shop files prepare >out &&
	grep "^failed unavailable: neither terraform nor tofu is installed; get one from " out
'
test_done
