#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "api" {
  #checkov:skip=CKV_AWS_158:encrypted with the key of CloudWatch Logs
  name              = "/ecs/all-types-api-5d172d50"
  retention_in_days = 365

  tags = { "Name" = "all-types-API" }
}

resource "aws_iam_role" "api" {
  name = "all-types-api-5d172d50-task"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  tags = { "Name" = "all-types-API" }
}

resource "aws_iam_role" "api__execution" {
  name = "all-types-api-5d172d50-execution"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ecs-tasks.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  tags = { "Name" = "all-types-API" }
}

#trivy:ignore:AWS-0057
resource "aws_iam_role_policy" "api__execution" {
  #checkov:skip=CKV_AWS_355:a token for ECR has no resource to name
  name = "all-types-api-5d172d50-execution"
  role = aws_iam_role.api__execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:us-east-1:123456789012:log-group:/ecs/all-types-api-5d172d50:*"
      },
      {
        Sid      = "Token"
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Sid      = "Images"
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:aws:ecr:*:*:repository/*"
      },
    ]
  })
}

resource "aws_ecs_cluster" "api" {
  name = "all-types-api-5d172d50"

  setting {
    name  = "containerInsights"
    value = "enabled"
  }

  tags = { "Name" = "all-types-API" }
}

resource "aws_ecs_task_definition" "api" {
  family                   = "all-types-api-5d172d50"
  cpu                      = "512"
  execution_role_arn       = aws_iam_role.api__execution.arn
  memory                   = "1024"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  task_role_arn            = aws_iam_role.api.arn

  container_definitions = jsonencode([
    {
      name      = "app"
      image     = "public.ecr.aws/nginx/nginx:1.27"
      essential = true
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.api.name
          awslogs-region        = "us-east-1"
          awslogs-stream-prefix = "app"
        }
      }
      portMappings = [
        {
          containerPort = 8080
          hostPort      = 8080
          protocol      = "tcp"
        },
      ]
      privileged             = false
      readonlyRootFilesystem = true
    },
  ])

  runtime_platform {
    cpu_architecture        = "X86_64"
    operating_system_family = "LINUX"
  }

  tags = { "Name" = "all-types-API" }
}

resource "aws_ecs_service" "api" {
  name                               = "all-types-api-5d172d50"
  cluster                            = aws_ecs_cluster.api.id
  deployment_maximum_percent         = 200
  deployment_minimum_healthy_percent = 100
  desired_count                      = 1
  enable_ecs_managed_tags            = true
  health_check_grace_period_seconds  = 60
  launch_type                        = "FARGATE"
  platform_version                   = "LATEST"
  propagate_tags                     = "SERVICE"
  task_definition                    = aws_ecs_task_definition.api.arn

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  load_balancer {
    container_name   = "app"
    container_port   = 8080
    target_group_arn = aws_lb_target_group.tcp-tasks__ip.arn
  }

  network_configuration {
    assign_public_ip = false
    security_groups  = [aws_security_group.api.id, aws_security_group.office.id]
    subnets          = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  }

  tags = { "Name" = "all-types-API" }

  depends_on = [aws_iam_role_policy.api__execution, aws_lb_listener.tcp-tasks]
}

resource "aws_security_group" "api" {
  name        = "all-types-api-5d172d50"
  description = "ECS all-types-api-5d172d50"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-API" }
}

#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "api__internet" {
  #checkov:skip=CKV_AWS_382:the subnet has a way to the internet, or egress says so
  security_group_id = aws_security_group.api.id
  description       = "to the internet"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "api__from_tcp-tasks_8080" {
  security_group_id            = aws_security_group.api.id
  description                  = "from tcp-tasks"
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
  referenced_security_group_id = aws_security_group.tcp-tasks.id
}
