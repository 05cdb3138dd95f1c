data "aws_ssm_parameter" "web" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_instance" "web" {
  #checkov:skip=CKV2_AWS_41:a role is given by instanceProfile when the machine needs one
  #checkov:skip=CKV_AWS_126:detailed monitoring costs money and is a config key
  ami                    = data.aws_ssm_parameter.web.insecure_value
  instance_type          = "t3.micro"
  subnet_id              = "subnet-0bbbbbbbbbbbbbbb1"
  vpc_security_group_ids = [aws_security_group.web.id]
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

  tags = { "Name" = "inside-web" }

  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_security_group" "web" {
  name        = "inside-web-d86f9d4b"
  description = "EC2 inside-web-d86f9d4b"
  vpc_id      = "vpc-0123456789abcdef0"
  tags        = { "Name" = "inside-web" }
}

resource "aws_vpc_security_group_egress_rule" "web__vpc" {
  security_group_id = aws_security_group.web.id
  description       = "to the network"
  ip_protocol       = "-1"
  cidr_ipv4         = data.aws_vpc.main.cidr_block
}

resource "aws_vpc_security_group_ingress_rule" "web__from_lb_80" {
  security_group_id            = aws_security_group.web.id
  description                  = "from lb"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.lb.id
}
