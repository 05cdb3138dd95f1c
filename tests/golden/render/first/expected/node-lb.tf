resource "aws_lb" "lb" {
  #checkov:skip=CKV_AWS_91:an access log needs a bucket
  #checkov:skip=CKV2_AWS_28:a web application firewall costs money
  #checkov:skip=CKV_AWS_150:deletion protection is turned off by config
  name                       = "shop-lb-87d48493"
  load_balancer_type         = "application"
  internal                   = true
  subnets                    = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  security_groups            = [aws_security_group.lb.id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  idle_timeout               = 60
  enable_deletion_protection = false
  tags                       = { "Name" = "shop-Front" }
}

resource "aws_lb_target_group" "lb" {
  #checkov:skip=CKV_AWS_378:encryption ends at the load balancer
  name                 = "shop-lb-instance-80-a75b916e"
  target_type          = "instance"
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = aws_vpc.main.id
  deregistration_delay = 60

  health_check {
    path    = "/"
    matcher = "200"
  }

  tags = { "Name" = "shop-Front" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group_attachment" "lb__web" {
  target_group_arn = aws_lb_target_group.lb.arn
  target_id        = aws_instance.web.id
  port             = 80
}

resource "aws_lb_target_group_attachment" "lb__web__2" {
  target_group_arn = aws_lb_target_group.lb.arn
  target_id        = aws_instance.web__2.id
  port             = 80
}

#trivy:ignore:AWS-0054
resource "aws_lb_listener" "lb" {
  #checkov:skip=CKV_AWS_2:no certificate is given and only the network can reach it
  #checkov:skip=CKV_AWS_103:no certificate is given and only the network can reach it
  load_balancer_arn = aws_lb.lb.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.lb.arn
  }

  tags = { "Name" = "shop-Front" }
}

resource "aws_vpc_security_group_ingress_rule" "lb__80_1" {
  security_group_id = aws_security_group.lb.id
  description       = "clients to port 80"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "10.0.0.0/16"
}

resource "aws_security_group" "lb" {
  name        = "shop-lb-87d48493"
  description = "ALB shop-lb-87d48493"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "shop-Front" }
}

resource "aws_vpc_security_group_egress_rule" "lb__to_web_80" {
  security_group_id            = aws_security_group.lb.id
  description                  = "to web"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.web.id
}
