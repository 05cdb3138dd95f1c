resource "aws_security_group" "office" {
  name_prefix = "all-types-office-619db81f-"
  description = "HTTPS from the office"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-From the office" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_vpc_security_group_ingress_rule" "office__ingress_1" {
  security_group_id = aws_security_group.office.id
  description       = "office"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "192.0.2.0/24"
}
