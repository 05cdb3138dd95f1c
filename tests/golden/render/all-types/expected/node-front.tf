#trivy:ignore:AWS-0053
resource "aws_lb" "front" {
  #checkov:skip=CKV_AWS_91:an access log needs a bucket
  #checkov:skip=CKV2_AWS_28:a web application firewall costs money
  name                       = "all-types-front-9bc73a76"
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = [aws_subnet.public_0.id, aws_subnet.public_1.id]
  security_groups            = [aws_security_group.front.id, aws_security_group.office.id]
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  idle_timeout               = 60
  enable_deletion_protection = true
  tags                       = { "Name" = "all-types-Front door" }
}

resource "aws_lb_target_group" "front" {
  #checkov:skip=CKV_AWS_378:encryption ends at the load balancer
  name                 = "all-types-front-instanc-e2c98e7d"
  target_type          = "instance"
  port                 = 80
  protocol             = "HTTP"
  vpc_id               = aws_vpc.main.id
  deregistration_delay = 60

  health_check {
    path    = "/"
    matcher = "200"
  }

  tags = { "Name" = "all-types-Front door" }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_target_group_attachment" "front__web" {
  target_group_arn = aws_lb_target_group.front.arn
  target_id        = aws_instance.web.id
  port             = 80
}

resource "aws_autoscaling_attachment" "front__workers" {
  autoscaling_group_name = aws_autoscaling_group.workers.name
  lb_target_group_arn    = aws_lb_target_group.front.arn
}

resource "aws_lb_listener" "front" {
  load_balancer_arn = aws_lb.front.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.front.arn
  }

  tags = { "Name" = "all-types-Front door" }
}

resource "aws_lb_listener" "front__redirect" {
  load_balancer_arn = aws_lb.front.arn
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

  tags = { "Name" = "all-types-Front door" }
}

#trivy:ignore:AWS-0107
resource "aws_vpc_security_group_ingress_rule" "front__443_1" {
  security_group_id = aws_security_group.front.id
  description       = "clients to port 443"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

#trivy:ignore:AWS-0107
resource "aws_vpc_security_group_ingress_rule" "front__80_1" {
  #checkov:skip=CKV_AWS_260:port 80 only redirects to HTTPS
  security_group_id = aws_security_group.front.id
  description       = "clients to port 80"
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_security_group" "front" {
  name        = "all-types-front-9bc73a76"
  description = "ALB all-types-front-9bc73a76"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Front door" }
}

resource "aws_vpc_security_group_egress_rule" "front__to_web_80" {
  security_group_id            = aws_security_group.front.id
  description                  = "to web"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.web.id
}

resource "aws_vpc_security_group_egress_rule" "front__to_workers_80" {
  security_group_id            = aws_security_group.front.id
  description                  = "to workers"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.workers.id
}
