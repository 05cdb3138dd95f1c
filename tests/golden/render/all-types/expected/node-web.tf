data "aws_ssm_parameter" "web" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_instance" "web" {
  #checkov:skip=CKV2_AWS_41:a role is given by instanceProfile when the machine needs one
  #checkov:skip=CKV_AWS_126:detailed monitoring costs money and is a config key
  ami                    = data.aws_ssm_parameter.web.insecure_value
  instance_type          = "t3.micro"
  subnet_id              = aws_subnet.private_0.id
  vpc_security_group_ids = [aws_security_group.web.id, aws_security_group.office.id]
  ebs_optimized          = true
  monitoring             = false

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted   = true
    volume_size = 20
    volume_type = "gp3"
  }

  tags = { "Name" = "all-types-Web server" }

  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_security_group" "web" {
  name        = "all-types-web-713abbfb"
  description = "EC2 all-types-web-713abbfb"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Web server" }
}

#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "web__internet" {
  #checkov:skip=CKV_AWS_382:the subnet has a way to the internet, or egress says so
  security_group_id = aws_security_group.web.id
  description       = "to the internet"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "web__from_front_80" {
  security_group_id            = aws_security_group.web.id
  description                  = "from front"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.front.id
}

resource "aws_vpc_security_group_ingress_rule" "web__from_tcp_5000" {
  security_group_id            = aws_security_group.web.id
  description                  = "from tcp"
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
  referenced_security_group_id = aws_security_group.tcp.id
}
