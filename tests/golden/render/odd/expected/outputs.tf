output "vpc__id" {
  description = "The VPC."
  value       = aws_vpc.main.id
}

output "vpc__cidr" {
  description = "Its address block."
  value       = "172.31.0.0/20"
}

output "vpc__azs" {
  description = "Its availability zones."
  value       = ["us-east-1a", "us-east-1b", "us-east-1c"]
}

output "vpc__public_subnets" {
  description = "One a zone."
  value       = [aws_subnet.public_0.id, aws_subnet.public_1.id, aws_subnet.public_2.id]
}

output "vpc__private_subnets" {
  description = "One a zone."
  value       = [aws_subnet.private_0.id, aws_subnet.private_1.id, aws_subnet.private_2.id]
}

output "_·_1·20web·20server__id" {
  description = "Id of the first instance."
  value       = aws_instance._·_1·20web·20server.id
}

output "_·_1·20web·20server__private_ip" {
  description = "Private address of the first instance."
  value       = aws_instance._·_1·20web·20server.private_ip
}

output "_·_1·20web·20server__security_group_id" {
  description = "Its own security group."
  value       = aws_security_group._·_1·20web·20server.id
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

output "logs__name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.logs.bucket
}

output "logs__arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.logs.arn
}
