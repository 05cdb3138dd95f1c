resource "aws_lb" "tcp" {
  #checkov:skip=CKV_AWS_91:access logs need a bucket and cost storage
  name                             = "all-types-tcp-e17fc915"
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = true
  internal                         = true
  load_balancer_type               = "network"
  security_groups                  = [aws_security_group.tcp.id, aws_security_group.office.id]
  subnets                          = [aws_subnet.private_0.id, aws_subnet.private_1.id]

  tags = { "Name" = "all-types-Raw TCP" }
}

resource "aws_lb_target_group" "tcp" {
  name        = "all-types-tcp-instance-82553815"
  port        = 5000
  protocol    = "TCP"
  target_type = "instance"
  vpc_id      = aws_vpc.main.id

  health_check {
    protocol = "TCP"
  }

  tags = { "Name" = "all-types-Raw TCP" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group_attachment" "tcp__web" {
  target_group_arn = aws_lb_target_group.tcp.arn
  target_id        = aws_instance.web.id
}

resource "aws_autoscaling_attachment" "tcp__workers" {
  autoscaling_group_name = aws_autoscaling_group.workers.name
  lb_target_group_arn    = aws_lb_target_group.tcp.arn
}

resource "aws_lb_listener" "tcp" {
  load_balancer_arn = aws_lb.tcp.arn
  port              = 5000
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tcp.arn
  }

  tags = { "Name" = "all-types-Raw TCP" }
}

resource "aws_vpc_security_group_ingress_rule" "tcp__clients" {
  security_group_id = aws_security_group.tcp.id
  description       = "clients to port 5000"
  cidr_ipv4         = "10.0.0.0/16"
  from_port         = 5000
  ip_protocol       = "tcp"
  to_port           = 5000

  tags = { "Name" = "all-types-Raw TCP" }
}

resource "aws_security_group" "tcp" {
  name        = "all-types-tcp-e17fc915"
  description = "NLB all-types-tcp-e17fc915"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Raw TCP" }
}

resource "aws_vpc_security_group_egress_rule" "tcp__to_web_5000" {
  security_group_id            = aws_security_group.tcp.id
  description                  = "to web"
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
  referenced_security_group_id = aws_security_group.web.id
}

resource "aws_vpc_security_group_egress_rule" "tcp__to_workers_5000" {
  security_group_id            = aws_security_group.tcp.id
  description                  = "to workers"
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
  referenced_security_group_id = aws_security_group.workers.id
}
