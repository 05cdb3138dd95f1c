# Writes COUNT specs below DIR: one Role for every 100 specs, the rest canvases of about 2 KiB as
# people write them, with comments, positions and edges; in folders of 250 files.
#
#	awk -v dir=DIR -v count=COUNT -f specs.awk

function role(n)
{
	file = sprintf("%s/roles/team-%03d.yaml", dir, n)
	printf "# Team %d: who may build, and what.\n", n > file
	print "apiVersion: trueup/v1\nkind: Role" > file
	printf "metadata: {name: team-%03d, labels: {unit: u%d}}\n", n, n % 7 > file
	printf "spec:\n  account: \"%012d\"\n", 100000000000 + n > file
	print "  region: eu-central-1\n  permissions: {deploy: true, viewCost: true}" > file
	print "  allowedServices: [EC2, S3, SECURITY_GROUP, EBS, DYNAMODB, SQS, SNS]" > file
	close(file)
}

function canvas(n, block)
{
	file = sprintf("%s/canvases/part-%02d/app-%05d.yaml", dir, n / 250, n)
	printf "# Application %d. Its servers stand in a network of their own; orders\n", n > file
	print "# arrive in a queue and end in a table.\napiVersion: trueup/v1\nkind: Canvas" > file
	printf "metadata:\n  name: app-%05d\n  labels: {team: t%d, tier: \"%d\"}\n", n, n % 97,
		n % 3 > file
	printf "spec:\n  role: team-%03d\n  engine: terraform\n", 1 + n % roles > file
	block = sprintf("10.%d.%d.0/22", n / 64, n % 64 * 4)
	printf "  network: {cidr: %s}\n  nodes:\n", block > file
	head("web", 80, 120, "EC2", "Web server " n)
	printf "          instanceType: t3.%s\n", n % 2 ? "micro" : "small" > file
	printf "          rootVolumeGb: %d            # logs stay a week\n", 10 + n % 90 > file
	head("worker", 280, 120, "EC2", "Order worker")
	print "          instanceType: t3.medium" > file
	head("spool", 480, 120, "EBS", "Spool disk")
	printf "          sizeGb: %d\n", 20 + n % 300 > file
	head("orders", 480, 320, "DYNAMODB", "Orders")
	print "          hashKey: id\n          ttl: expires" > file
	head("inbox", 280, 320, "SQS", "Orders that wait")
	print "          visibilitySec: 60" > file
	head("files", 80, 320, "S3", "Files")
	print "          versioning: true" > file
	head("internal", 80, 520, "SECURITY_GROUP", "Inside the application")
	print "          description: The servers reach each other" > file
	print "          ingress:" > file
	printf "            - {port: 8080, cidr: %s, description: other servers}\n",
		block > file
	printf "            - {port: 9100, cidr: 10.250.0.0/16, description: metrics}\n" > file
	print "  edges:" > file
	print "    - {source: spool, target: worker}     # attaches the disk" > file
	print "    - {source: internal, target: web}\n    - {source: internal, target: worker}" > file
	print "  viewport: {x: 0, y: 0, zoom: 1.25}" > file
	close(file)
}

function head(id, x, y, type, label)
{
	printf "    - id: %s\n      type: resource\n      position: {x: %d, y: %d}\n", id, x, y > file
	printf "      data:\n        resourceType: %s\n        label: %s\n", type, label > file
	print "        config:" > file
}

BEGIN {
	roles = int(count / 100) > 0 ? int(count / 100) : 1
	system("mkdir -p " dir "/roles")
	for (part = 0; part <= (count - roles) / 250; part++)
		folders = folders " " sprintf("%s/canvases/part-%02d", dir, part)
	system("mkdir -p" folders)
	for (i = 1; i <= roles; i++)
		role(i)
	for (i = 1; i <= count - roles; i++)
		canvas(i)
}
