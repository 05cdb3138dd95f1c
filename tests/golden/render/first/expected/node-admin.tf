resource "aws_security_group" "admin" {
  name_prefix = "shop-admin-e9fba4c5-"
  description = "SSH from the office"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "shop-Admin access" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "admin__ingress_1" {
  security_group_id = aws_security_group.admin.id
  description       = "SSH from the office"
  ip_protocol       = "tcp"
  from_port         = 22
  to_port           = 22
  cidr_ipv4         = "192.0.2.0/24"
}
