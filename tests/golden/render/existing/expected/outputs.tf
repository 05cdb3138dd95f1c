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
