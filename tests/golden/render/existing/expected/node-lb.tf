#trivy:ignore:AWS-0053
resource "aws_lb" "lb" {
  #checkov:skip=CKV_AWS_91:an access log needs a bucket
  #checkov:skip=CKV2_AWS_28:a web application firewall costs money
  name                       = "inside-lb-9753ca8c"
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = ["subnet-0aaaaaaaaaaaaaaa1", "subnet-0aaaaaaaaaaaaaaa2"]
  security_groups            = [aws_security_group.lb.id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  idle_timeout               = 60
  enable_deletion_protection = true
  tags                       = { "Name" = "inside-lb" }
}

resource "aws_lb_target_group" "lb" {
  #checkov:skip=CKV_AWS_378:encryption ends at the load balancer
  name                 = "inside-lb-instance-80-2d7cf1be"
  target_type          = "instance"
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = "vpc-0123456789abcdef0"
  deregistration_delay = 60

  health_check {
    path    = "/"
    matcher = "200"
  }

  tags = { "Name" = "inside-lb" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group_attachment" "lb__web" {
  target_group_arn = aws_lb_target_group.lb.arn
  target_id        = aws_instance.web.id
  port             = 80
}

resource "aws_lb_listener" "lb" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/6ad2c7c1-9c6d-4f5e-8d5b-111111111111"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.lb.arn
  }

  tags = { "Name" = "inside-lb" }
}

resource "aws_lb_listener" "lb__redirect" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = "redirect"

    redirect {
      port        = "443"
      protocol    = "HTTPS"
      status_code = "HTTP_301"
    }
  }

  tags = { "Name" = "inside-lb" }
}

#trivy:ignore:AWS-0107
resource "aws_vpc_security_group_ingress_rule" "lb__443_1" {
  security_group_id = aws_security_group.lb.id
  description       = "clients to port 443"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

#trivy:ignore:AWS-0107
resource "aws_vpc_security_group_ingress_rule" "lb__80_1" {
  #checkov:skip=CKV_AWS_260:port 80 only redirects to HTTPS
  security_group_id = aws_security_group.lb.id
  description       = "clients to port 80"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "lb" {
  name        = "inside-lb-9753ca8c"
  description = "ALB inside-lb-9753ca8c"
  vpc_id      = "vpc-0123456789abcdef0"
  tags        = { "Name" = "inside-lb" }
}

resource "aws_vpc_security_group_egress_rule" "lb__to_web_80" {
  security_group_id            = aws_security_group.lb.id
  description                  = "to web"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.web.id
}
