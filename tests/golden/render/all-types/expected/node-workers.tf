resource "aws_launch_template" "workers" {
  name          = "all-types-workers-aea8684e"
  ebs_optimized = true
  image_id      = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
  instance_type = "t3.small"

  vpc_security_group_ids = [aws_security_group.workers.id, aws_security_group.office.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted   = true
      volume_size = 20
      volume_type = "gp3"
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  monitoring {
    enabled = false
  }

  tag_specifications {
    resource_type = "instance"

    tags = { "Name" = "all-types-Workers" }
  }

  tag_specifications {
    resource_type = "volume"

    tags = { "Name" = "all-types-Workers" }
  }

  tags = { "Name" = "all-types-Workers" }
}

resource "aws_autoscaling_group" "workers" {
  name                      = "all-types-workers-aea8684e"
  desired_capacity          = 1
  health_check_grace_period = 300
  health_check_type         = "ELB"
  max_size                  = 4
  min_size                  = 1
  vpc_zone_identifier       = [aws_subnet.private_0.id, aws_subnet.private_1.id]

  instance_refresh {
    strategy = "Rolling"
  }

  launch_template {
    id      = aws_launch_template.workers.id
    version = aws_launch_template.workers.latest_version
  }

  tag {
    key                 = "Name"
    propagate_at_launch = false
    value               = "all-types-Workers"
  }

  lifecycle {
    ignore_changes = [desired_capacity, load_balancers, target_group_arns]
  }
}

resource "aws_autoscaling_policy" "workers" {
  name                   = "all-types-workers-aea8684e-cpu"
  autoscaling_group_name = aws_autoscaling_group.workers.name
  policy_type            = "TargetTrackingScaling"

  target_tracking_configuration {
    target_value = 50

    predefined_metric_specification {
      predefined_metric_type = "ASGAverageCPUUtilization"
    }
  }
}

resource "aws_security_group" "workers" {
  name        = "all-types-workers-aea8684e"
  description = "ASG all-types-workers-aea8684e"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Workers" }
}

#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "workers__internet" {
  #checkov:skip=CKV_AWS_382:the subnet has a way to the internet, or egress says so
  security_group_id = aws_security_group.workers.id
  description       = "to the internet"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "workers__from_front_80" {
  security_group_id            = aws_security_group.workers.id
  description                  = "from front"
  ip_protocol                  = "tcp"
  from_port                    = 80
  to_port                      = 80
  referenced_security_group_id = aws_security_group.front.id
}

resource "aws_vpc_security_group_ingress_rule" "workers__from_tcp_5000" {
  security_group_id            = aws_security_group.workers.id
  description                  = "from tcp"
  ip_protocol                  = "tcp"
  from_port                    = 5000
  to_port                      = 5000
  referenced_security_group_id = aws_security_group.tcp.id
}
