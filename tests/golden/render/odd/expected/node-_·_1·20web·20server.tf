resource "aws_instance" "_·_1·20web·20server" {
  #checkov:skip=CKV2_AWS_41:a role is given by instanceProfile when the machine needs one
  #checkov:skip=CKV_AWS_126:detailed monitoring costs money and is a config key
  ami                         = "ami-0123456789abcdef0"
  instance_type               = "t3.micro"
  subnet_id                   = aws_subnet.public_0.id
  vpc_security_group_ids      = [aws_security_group._·_1·20web·20server.id]
  associate_public_ip_address = true
  ebs_optimized               = true
  monitoring                  = false
  user_data                   = "#!/bin/sh\necho \"$${HOME}\" 'x' <<EOT\nEOT\n"

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

  tags = { "Name" = "odd-quotes \" and $${file(\"/etc/passwd\")} %%{ for x in y }", "a b" = "ü $${x}", "plain" = "text" }

  lifecycle {
    ignore_changes = [ami]
  }
}

resource "aws_security_group" "_·_1·20web·20server" {
  name        = "odd-1-web-server-e2be02cc"
  description = "EC2 odd-1-web-server-e2be02cc"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "odd-quotes \" and $${file(\"/etc/passwd\")} %%{ for x in y }", "a b" = "ü $${x}", "plain" = "text" }
}

resource "aws_vpc_security_group_egress_rule" "_·_1·20web·20server__to_db_3306" {
  security_group_id            = aws_security_group._·_1·20web·20server.id
  description                  = "to db"
  ip_protocol                  = "tcp"
  from_port                    = 3306
  to_port                      = 3306
  referenced_security_group_id = aws_security_group.db.id
}
