resource "aws_lb" "tcp-tasks" {
  #checkov:skip=CKV_AWS_91:access logs need a bucket and cost storage
  name                             = "all-types-tcp-tasks-89ac4f51"
  enable_cross_zone_load_balancing = true
  enable_deletion_protection       = true
  internal                         = true
  load_balancer_type               = "network"
  security_groups                  = [aws_security_group.tcp-tasks.id]
  subnets                          = [aws_subnet.private_0.id, aws_subnet.private_1.id]

  tags = { "Name" = "all-types-Raw TCP to tasks" }
}

resource "aws_lb_target_group" "tcp-tasks__ip" {
  name        = "all-types-tcp-tasks-ip-7f65bcab"
  port        = 8080
  protocol    = "TCP"
  target_type = "ip"
  vpc_id      = aws_vpc.main.id

  health_check {
    protocol = "TCP"
  }

  tags = { "Name" = "all-types-Raw TCP to tasks" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener" "tcp-tasks" {
  load_balancer_arn = aws_lb.tcp-tasks.arn
  port              = 5001
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.tcp-tasks__ip.arn
  }

  tags = { "Name" = "all-types-Raw TCP to tasks" }
}

resource "aws_vpc_security_group_ingress_rule" "tcp-tasks__clients" {
  security_group_id = aws_security_group.tcp-tasks.id
  description       = "clients to port 5001"
  cidr_ipv4         = "10.0.0.0/16"
  from_port         = 5001
  ip_protocol       = "tcp"
  to_port           = 5001

  tags = { "Name" = "all-types-Raw TCP to tasks" }
}

resource "aws_security_group" "tcp-tasks" {
  name        = "all-types-tcp-tasks-89ac4f51"
  description = "NLB all-types-tcp-tasks-89ac4f51"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Raw TCP to tasks" }
}

resource "aws_vpc_security_group_egress_rule" "tcp-tasks__to_api_8080" {
  security_group_id            = aws_security_group.tcp-tasks.id
  description                  = "to api"
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = aws_security_group.api.id
}
