#!/bin/bash
# Protects: what Terraform would let through, or refuse only while it applies, is refused when the
# spec is read: at the line of the node, in words that say what to do.
. "$(dirname "$0")/lib.sh"

TOOL=$TOP/${TRUEUP_BUILD:-build/release}/tools/render_canvas
ROLE=$TOP/examples/all-types/roles/everything.yaml

# canvas CONFIG [OTHERS [EDGES]]: a canvas with the node "it" of type $TYPE, in canvas.yaml.
# OTHERS: "id TYPE {config}" a line; EDGES: "from to" a line.
canvas() {
	local id type config from to
	cat >canvas.yaml <<-END
		apiVersion: trueup/v1
		kind: Canvas
		metadata: {name: check}
		spec:
		  role: everything
		  nodes:
		    - {id: it, type: resource, data: {resourceType: $TYPE, config: $1}}
	END
	{
		while read -r id type config; do
			[ -z "$id" ] || echo "    - {id: $id, type: resource," \
				"data: {resourceType: $type, config: $config}}"
		done <<<"${2-}"
		[ -z "${3-}" ] || echo "  edges:"
		while read -r from to; do
			[ -z "$from" ] || echo "    - {source: $from, target: $to}"
		done <<<"${3-}"
	} >>canvas.yaml
}

# What is said, without hints and columns.
said() {
	"$TOOL" -c "$ROLE" canvas.yaml x 2>&1 | grep -v '^   ' |
		sed -E 's/^canvas\.yaml:([0-9]+):[0-9]+: /\1 /; s/ \[[a-z-]+\]$//'
}

# refuses CONFIG MESSAGE [OTHERS [EDGES]]: just this message, at the node's line.
refuses() {
	canvas "$1" "${3-}" "${4-}"
	said >got
	printf '7 %s\n' "$2" >wanted
	if diff -u wanted got >difference; then
		ok "$TYPE: $2"
	else
		not_ok "$TYPE: $2" difference
	fi
}

# accepts CONFIG [OTHERS [EDGES]]: nothing to say.
accepts() {
	canvas "$1" "${2-}" "${3-}"
	said >got
	if [ -s got ]; then
		not_ok "$TYPE takes $1" got
	else
		ok "$TYPE takes $1"
	fi
}

TYPE=ALB
accepts '{}'
public='an ALB that the internet can reach'
refuses '{internal: false}' \
	"$public needs certificateArn: without one it may only be internal"
refuses '{certificateArn: mine}' "'mine' does not have the form of 'certificateArn'"

TYPE=ASG
accepts '{min: 1, max: 1}'
refuses '{min: 3, max: 2}' 'min 3 is above max 2'
refuses '{min: 1, max: 2, desired: 3}' 'desired 3 is not between min 1 and max 2'
refuses '{publicIp: true}' 'a public address needs subnet: public'
refuses '{healthCheck: ELB}' 'healthCheck: ELB needs an edge from an ALB or NLB'
refuses '{instanceType: t3.mikro}' "'t3.mikro' is no value of 'instanceType'"
refuses '{targetCpu: 101}' "'targetCpu' must be from 0 to 100 percent"

TYPE=CLOUDFRONT
two='a S3 {}
b S3 {}'
both='it a
it b'
accepts '{}' 'a S3 {}' 'it a'
accepts '{defaultOrigin: a, paths: {b: /b/*}}' "$two" "$both"
refuses '{}' 'a distribution needs an origin: draw an edge to an S3 or ALB node'
refuses '{defaultOrigin: c}' "'c' is no origin of this distribution: a" 'a S3 {}' 'it a'
refuses '{defaultOrigin: a}' 'paths must name a pattern for every origin but the default one' \
	"$two" "$both"
refuses '{paths: {b: /b/*}}' \
	'with 2 origins, defaultOrigin must say which one answers what no path matches' "$two" "$both"
refuses '{defaultOrigin: a, paths: {c: /c/*}}' \
	'paths names what is no origin of this distribution: c' "$two" "$both"
refuses '{defaultOrigin: a, paths: {a: /a/*}}' "'a' is the default origin and takes no path" \
	"$two" "$both"
refuses '{aliases: [www.example.com]}' \
	'aliases need certificateArn: the certificate of CloudFront knows only its own names' \
	'a S3 {}' 'it a'
refuses '{certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/1"}' \
	'certificateArn needs aliases: without them nobody reaches the distribution by its names' \
	'a S3 {}' 'it a'

TYPE=DYNAMODB
accepts '{hashKey: id, billing: PROVISIONED, rcu: 1, wcu: 1}'
refuses '{}' "DYNAMODB 'it' needs 'hashKey': Name of the partition key."
refuses '{hashKey: id, billing: PROVISIONED}' 'billing: PROVISIONED needs rcu and wcu'
refuses '{hashKey: id, rcu: 5}' 'rcu goes with billing: PROVISIONED only'
refuses '{hashKey: id, wcu: 5}' 'wcu goes with billing: PROVISIONED only'
refuses '{hashKey: id, rangeKey: id}' \
	"rangeKey and hashKey are both 'id': they must be different attributes"
refuses '{hashKey: id, ttl: id}' "'id' is a key of the table: ttl needs an attribute of its own"

TYPE=EBS
accepts '{volumeType: io2, iops: 4000, sizeGb: 10}'
accepts '{volumeType: gp3, iops: 4000, throughput: 1000, sizeGb: 10}'
refuses '{volumeType: gp2, iops: 3000}' 'gp2 disks take no iops: use gp3, io1 or io2, or remove it'
refuses '{volumeType: io1}' 'io1 disks need iops'
refuses '{volumeType: gp2, throughput: 200}' 'gp2 disks take no throughput: use gp3 or remove it'
refuses '{iops: 2000}' 'gp3 disks have 3000 to 80000 iops, not 2000'
refuses '{iops: 16000, sizeGb: 20}' '16000 iops need a gp3 disk of more than 20 GiB (500 per GiB)'
refuses '{volumeType: io1, iops: 2000}' \
	'2000 iops need an io1 disk of more than 20 GiB (50 per GiB)'
refuses '{volumeType: io2, iops: 30000}' \
	'30000 iops need an io2 disk of more than 20 GiB (1000 per GiB)'
refuses '{throughput: 1000}' '1000 MiB/s need 4000 iops or more'
refuses '{volumeType: st1}' 'st1 disks have 125 to 16384 GiB'
refuses '{volumeType: gp2, sizeGb: 20000}' 'gp2 disks have at most 16384 GiB'
refuses '{volumeType: standard, sizeGb: 2000}' 'standard disks have at most 1024 GiB'
refuses '{volumeType: io2, iops: 100, sizeGb: 1}' 'io2 disks have at least 4 GiB'
refuses '{az: us-east-1a}' 'az is that of the server the disk is attached to: remove it' \
	'web EC2 {}' 'it web'

TYPE=EC2
accepts '{}'
accepts '{instanceType: t4g.micro, arch: arm64}'
accepts '{instanceType: g4dn.xlarge}'
refuses '{instanceType: m7gd.large}' 'the processors of m7gd.large are not x86_64: set arch: arm64'
refuses '{instanceType: t3.micro, arch: arm64}' \
	'the processors of t3.micro are not arm64: set arch: x86_64'
refuses '{instanceType: t3.mikro}' "'t3.mikro' is no value of 'instanceType'"
refuses '{rootVolumeType: io1}' 'a root volume of type io1 needs rootVolumeIops'
refuses '{rootVolumeType: gp2, rootVolumeIops: 3000}' \
	'a root volume of type gp2 has no rootVolumeIops'
refuses '{publicIp: true}' "a public address needs 'subnet: public'"

TYPE=ECS
accepts '{image: nginx, cpu: 1024, memory: 3072}'
refuses '{image: nginx, memory: 600}' \
	'a task of 256 cpu units has 512, 1024 or 2048 MiB, not 600'
refuses '{image: nginx, cpu: 512, memory: 512}' \
	'a task of 512 cpu units has 1024 to 4096 MiB in steps of 1024, not 512'
refuses '{image: nginx, cpu: 1024}' \
	'a task of 1024 cpu units has 2048 to 8192 MiB in steps of 1024, not 512'
refuses '{image: nginx, cpu: 2048}' \
	'a task of 2048 cpu units has 4096 to 16384 MiB in steps of 1024, not 512'
refuses '{image: nginx, cpu: 4096}' \
	'a task of 4096 cpu units has 8192 to 30720 MiB in steps of 1024, not 512'
refuses '{image: nginx, cpu: 8192}' \
	'a task of 8192 cpu units has 16384 to 61440 MiB in steps of 4096, not 512'
refuses '{image: nginx, cpu: 16384}' \
	'a task of 16384 cpu units has 32768 to 122880 MiB in steps of 8192, not 512'
refuses '{image: nginx, cpu: 300}' "'300' is no value of 'cpu'"
refuses '{image: nginx, environment: {PORT: 80}}' \
	'environment variables are texts: put numbers, true and false in quotes'
refuses '{image: nginx, publicIp: true}' 'a public address needs subnet: public'

TYPE=EKS
accepts '{version: "1.33", nodes: 2, min: 1, max: 4}'
refuses '{version: "1.2"}' "'1.2' is no value of 'version'"
refuses '{version: "1.33", min: 3}' 'min 3 is above nodes 2'
refuses '{version: "1.33", max: 1}' 'max 1 is below nodes 2'
refuses '{version: "1.33", nodes: 0}' 'a group that starts with no servers needs max: 1 or more'
refuses '{version: "1.33", publicEndpoint: true}' \
	'publicEndpoint needs publicFrom: the address ranges that may reach it'
refuses '{version: "1.33", publicFrom: [192.0.2.0/24]}' \
	'publicFrom goes with publicEndpoint: true only'

TYPE=ELASTICACHE
accepts '{engine: memcached, nodes: 20}'
accepts '{engine: valkey, nodes: 2, failover: false}'
refuses '{engine: memcached, nodes: 2, failover: true}' \
	'memcached has no failover: its nodes hold different data'
refuses '{failover: true}' 'failover needs nodes: 2 or more'
refuses '{nodes: 7}' 'valkey has at most 6 nodes: one primary and five copies'
refuses '{engineVersion: "7.1"}' 'valkey has versions 7.2, 8.0 and 8.1, not 7.1'
refuses '{engine: redis, engineVersion: "8.0"}' \
	'redis has versions 6.2, 7.0 and 7.1 (with encryption), not 8.0; newer ones are valkey'
refuses '{engine: memcached, engineVersion: 1.5.16}' \
	'memcached needs 1.6.12 or newer, which can encrypt connections, not 1.5.16'
refuses '{nodeType: cache.t9.micro}' "'cache.t9.micro' is no value of 'nodeType'"
refuses '{engine: valky}' "'valky' is no value of 'engine'"

TYPE=KMS
accepts '{alias: shop/data}'
refuses '{alias: aws/mine}' 'aliases that start with aws/ belong to AWS: choose another'
refuses '{deletionDays: 3}' "'deletionDays' must be from 7 to 30 days"

TYPE=LAMBDA
code='runtime: python3.13, handler: app.handler, source: "s3://example/app.zip"'
accepts "{$code}"
accepts '{image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"}'
refuses '{}' 'a function needs its code: source (a zip file, with runtime and handler) or image'
refuses '{source: "s3://example/app.zip"}' 'code from a zip file needs runtime and handler'
refuses '{image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1", handler: a.b}' \
	'image stands alone: remove source, runtime and handler'
refuses '{image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1", sourceVersion: a}' \
	'sourceVersion goes with source only'
refuses "{$code, batchSize: 50}" 'a FIFO queue hands out at most 10 messages at once, not 50' \
	'q SQS {fifo: true}' 'q it'
refuses '{runtime: python2.7, handler: app.handler, source: "s3://example/app.zip"}' \
	"'python2.7' is no value of 'runtime'"

TYPE=NLB
tls='certificateArn: "arn:aws:acm:us-east-1:123456789012:certificate/1"'
accepts "{protocol: TLS, $tls}"
refuses '{protocol: TLS}' 'protocol: TLS needs certificateArn'
refuses "{$tls}" 'certificateArn goes with protocol: TLS only, not TCP'
one_kind='a network load balancer has one kind of target: servers (EC2, ASG) or containers (ECS)'
refuses '{}' "$one_kind; use a second NLB" \
	'web EC2 {}
api ECS {image: nginx}' 'it web
it api'

TYPE=RDS
accepts '{engineVersion: "16.4"}'
refuses '{engine: oracle}' "'oracle' is no value of 'engine'"
refuses '{instanceClass: db.t9.micro}' "'db.t9.micro' is no value of 'instanceClass'"
refuses '{engineVersion: "9.6"}' 'RDS has postgres 11 to 18, not 9.6'
refuses '{engine: mysql, engineVersion: "5.6"}' 'RDS has mysql 5.7, 8.0 and 8.4, not 5.6'
refuses '{engine: mariadb, engineVersion: "10.3"}' \
	'RDS has mariadb 10.4, 10.5, 10.6, 10.11, 11.4 and 11.8, not 10.3'
refuses '{storageType: io1, storageGb: 100}' 'storage of type io1 needs iops'
refuses '{iops: 3000}' 'storage of type gp3 has no iops of its own choice'
refuses '{storageType: io1, iops: 3000}' 'storage of type io1 needs 100 GiB or more'
refuses '{storageGb: 100, maxStorageGb: 50}' 'maxStorageGb must be more than storageGb'
refuses '{username: rdsadmin}' "'rdsadmin' is a reserved user name"
refuses '{username: admin}' "'admin' is a reserved word of postgres"
refuses '{managedPassword: false}' \
	"give either 'managedPassword: true' or a password from elsewhere"

TYPE=ROUTE53
accepts '{zone: example.com}'
refuses '{zone: example}' "'example' does not have the form of 'zone'"

refuses '{zone: example.com, records: {www: {type: A}}}' \
	'every record needs values, a list of texts'
refuses '{zone: example.com, records: {www: {type: B, values: [x]}}}' \
	'Route 53 has no records of type B'
refuses '{zone: example.com, hosts: {web: www}}' 'hosts names what this zone has no edge to: web'

TYPE=S3
accepts '{bucketName: my-bucket.example}'
refuses '{bucketName: My-Bucket}' "'My-Bucket' does not have the form of 'bucketName'"
refuses '{bucketName: a..b}' "'a..b' is no valid bucket name"
refuses '{notifyEvents: ["s3:ObjectMade:*"]}' "'s3:ObjectMade:*' is no value of 'notifyEvents'"
refuses '{storageClass: STANDARD_IA, transitionDays: 10}' \
	'objects move to STANDARD_IA after 30 days at the earliest'
refuses '{lifecycleDays: 10, transitionDays: 20}' 'lifecycleDays must be more than transitionDays'

TYPE=SECURITY_GROUP
rule() {
	echo "{description: d, ingress: [$1]}"
}
accepts "$(rule '{cidr: 10.0.0.0/8, port: 80, description: web}')"
accepts "$(rule '{cidr: 10.0.0.0/8, protocol: "-1", description: all}')"
refuses "$(rule '{cidr: 10.0.0.0/8, port: 80}')" 'every rule of ingress needs a description'
refuses "$(rule '{port: 80, description: web}')" 'every rule of ingress needs cidr or source'
refuses "$(rule '{cidr: 10.0.0.0/8, source: sg-1, port: 80, description: web}')" \
	'a rule of ingress has cidr or source, not both: write two rules'
refuses "$(rule '{cidr: 10.0.0.0/8, description: web}')" \
	'every rule of ingress needs port, or from and to (all ports: protocol "-1" without any)'
refuses "$(rule '{cidr: 10.0.0.0/8, protocol: udp, description: web}')" \
	'every rule of ingress needs port, or from and to (all ports: protocol "-1" without any)'
refuses "$(rule '{cidr: 10.0.0.0/8, from: 80, description: web}')" \
	'a rule of ingress with from needs to as well'
refuses "$(rule '{cidr: 10.0.0.0/8, protocol: "-1", port: 80, description: web}')" \
	'protocol "-1" is every protocol and port: a rule of ingress with it takes no port'

TYPE=SNS
accepts '{fifo: true, contentDedup: true}'
refuses '{contentDedup: true}' 'contentDedup works on FIFO topics only: set fifo: true or remove it'
refuses '{fifo: true, emails: [a@example.com]}' \
	'a FIFO topic delivers to queues only: remove emails or set fifo: false'
refuses '{fifo: true}' 'a bucket cannot notify a FIFO topic: set fifo: false' 'b S3 {}' 'b it'
refuses '{fifo: true}' \
	'a FIFO topic delivers to queues only: remove the edge to the function or set fifo: false' \
	"f LAMBDA {$code}" 'it f'
refuses '{emails: [nobody]}' "'nobody' does not have the form of 'emails'"

refuses '{}' "'q' is a FIFO queue and takes messages of a FIFO topic only: set fifo: true here" \
	'q SQS {fifo: true}' 'it q'

TYPE=SQS
accepts '{fifo: true, contentDedup: true}'
refuses '{contentDedup: true}' 'contentDedup works on FIFO queues only: set fifo: true or remove it'
refuses '{fifo: true}' 'a bucket cannot notify a FIFO queue: set fifo: false or notify a topic' \
	'b S3 {}' 'b it'
may_run='a function that takes from this queue may run 60 seconds'
refuses '{}' "$may_run: visibilitySec must be at least that" \
	"f LAMBDA {$code, timeoutSec: 60}" 'it f'
refuses '{visibilitySec: 50000}' "'visibilitySec' must be from 0 to 43200 seconds"
refuses '{visibility: 30}' "SQS has no config key 'visibility'"

test_done
