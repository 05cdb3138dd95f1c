output "vpc__id" {
  description = "The VPC."
  value       = aws_vpc.main.id
}

output "vpc__cidr" {
  description = "Its address block."
  value       = "10.0.0.0/16"
}

output "vpc__azs" {
  description = "Its availability zones."
  value       = [data.aws_availability_zones.available.names[0], data.aws_availability_zones.available.names[1]]
}

output "vpc__public_subnets" {
  description = "One a zone."
  value       = [aws_subnet.public_0.id, aws_subnet.public_1.id]
}

output "vpc__private_subnets" {
  description = "One a zone."
  value       = [aws_subnet.private_0.id, aws_subnet.private_1.id]
}

output "api__cluster" {
  description = "Name of the cluster"
  value       = aws_ecs_cluster.api.name
}

output "api__service" {
  description = "Name of the service"
  value       = aws_ecs_service.api.name
}

output "api__task_role_arn" {
  description = "ARN of the role that the container has"
  value       = aws_iam_role.api.arn
}

output "assets__name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.assets.bucket
}

output "assets__arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.assets.arn
}

output "cache__endpoint" {
  description = "Name that clients connect to"
  value       = aws_elasticache_replication_group.cache.primary_endpoint_address
}

output "cdn__id" {
  description = "Id of the distribution"
  value       = aws_cloudfront_distribution.cdn.id
}

output "cdn__domain_name" {
  description = "Name that browsers reach"
  value       = aws_cloudfront_distribution.cdn.domain_name
}

output "cluster__name" {
  description = "Name of the cluster"
  value       = aws_eks_cluster.cluster.name
}

output "cluster__endpoint" {
  description = "URL of its API"
  value       = aws_eks_cluster.cluster.endpoint
}

output "cluster__arn" {
  description = "ARN of the cluster"
  value       = aws_eks_cluster.cluster.arn
}

output "data__id" {
  description = "Id of the volume"
  value       = aws_ebs_volume.data.id
}

output "db__endpoint" {
  description = "Host and port."
  value       = aws_db_instance.db.endpoint
}

output "db__address" {
  description = "Host name."
  value       = aws_db_instance.db.address
}

output "db__port" {
  description = "Port."
  value       = aws_db_instance.db.port
}

output "db__security_group_id" {
  description = "Its own security group."
  value       = aws_security_group.db.id
}

output "dns__zone_id" {
  description = "Id of the zone"
  value       = aws_route53_zone.dns.zone_id
}

output "dns__name_servers" {
  description = "Servers to enter where the domain is registered"
  value       = aws_route53_zone.dns.name_servers
}

output "events__arn" {
  description = "ARN of the topic"
  value       = aws_sns_topic.events.arn
}

output "events__name" {
  description = "Name of the topic"
  value       = aws_sns_topic.events.name
}

output "front__dns_name" {
  description = "Host name."
  value       = aws_lb.front.dns_name
}

output "front__zone_id" {
  description = "Hosted zone of the host name."
  value       = aws_lb.front.zone_id
}

output "front__arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.front.arn
}

output "front__security_group_id" {
  description = "Its own security group."
  value       = aws_security_group.front.id
}

output "jobs__arn" {
  description = "ARN of the queue"
  value       = aws_sqs_queue.jobs.arn
}

output "jobs__url" {
  description = "URL that clients send to"
  value       = aws_sqs_queue.jobs.url
}

output "jobs__name" {
  description = "Name of the queue"
  value       = aws_sqs_queue.jobs.name
}

output "key__arn" {
  description = "ARN of the key"
  value       = aws_kms_key.key.arn
}

output "key__alias" {
  description = "Name of the alias"
  value       = aws_kms_alias.key.name
}

output "nat__public_ip" {
  description = "Address that the internet sees (of the first gateway)"
  value       = aws_eip.nat.public_ip
}

output "office__id" {
  description = "Id of the group."
  value       = aws_security_group.office.id
}

output "orders__arn" {
  description = "ARN of the table"
  value       = aws_dynamodb_table.orders.arn
}

output "orders__name" {
  description = "Name of the table"
  value       = aws_dynamodb_table.orders.name
}

output "tcp__arn" {
  description = "ARN of the load balancer"
  value       = aws_lb.tcp.arn
}

output "tcp__dns_name" {
  description = "Name that clients connect to"
  value       = aws_lb.tcp.dns_name
}

output "tcp__zone_id" {
  description = "Hosted zone of that name"
  value       = aws_lb.tcp.zone_id
}

output "tcp-tasks__arn" {
  description = "ARN of the load balancer"
  value       = aws_lb.tcp-tasks.arn
}

output "tcp-tasks__dns_name" {
  description = "Name that clients connect to"
  value       = aws_lb.tcp-tasks.dns_name
}

output "tcp-tasks__zone_id" {
  description = "Hosted zone of that name"
  value       = aws_lb.tcp-tasks.zone_id
}

output "thumbs__arn" {
  description = "ARN of the function"
  value       = aws_lambda_function.thumbs.arn
}

output "thumbs__name" {
  description = "Name of the function"
  value       = aws_lambda_function.thumbs.function_name
}

output "thumbs__role_arn" {
  description = "ARN of its role"
  value       = aws_iam_role.thumbs.arn
}

output "web__id" {
  description = "Id of the first instance."
  value       = aws_instance.web.id
}

output "web__private_ip" {
  description = "Private address of the first instance."
  value       = aws_instance.web.private_ip
}

output "web__security_group_id" {
  description = "Its own security group."
  value       = aws_security_group.web.id
}

output "workers__name" {
  description = "Name of the group"
  value       = aws_autoscaling_group.workers.name
}

output "workers__arn" {
  description = "ARN of the group"
  value       = aws_autoscaling_group.workers.arn
}
