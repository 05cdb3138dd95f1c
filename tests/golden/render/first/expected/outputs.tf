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

output "admin__id" {
  description = "Id of the group."
  value       = aws_security_group.admin.id
}

output "assets__name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.assets.bucket
}

output "assets__arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.assets.arn
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

output "lb__dns_name" {
  description = "Host name."
  value       = aws_lb.lb.dns_name
}

output "lb__zone_id" {
  description = "Hosted zone of the host name."
  value       = aws_lb.lb.zone_id
}

output "lb__arn" {
  description = "ARN of the load balancer."
  value       = aws_lb.lb.arn
}

output "lb__security_group_id" {
  description = "Its own security group."
  value       = aws_security_group.lb.id
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
