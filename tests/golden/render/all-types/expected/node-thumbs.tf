#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "thumbs" {
  #checkov:skip=CKV_AWS_158:encrypted with the key of CloudWatch Logs
  name              = "/aws/lambda/all-types-thumbs-14f74e98"
  retention_in_days = 365

  tags = { "Name" = "all-types-Thumbnails" }
}

resource "aws_iam_role" "thumbs" {
  name = "all-types-thumbs-14f74e98"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "lambda.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  tags = { "Name" = "all-types-Thumbnails" }
}

#trivy:ignore:AWS-0057
resource "aws_iam_role_policy" "thumbs" {
  #checkov:skip=CKV_AWS_290:X-Ray and network interfaces have no resource to name
  #checkov:skip=CKV_AWS_355:X-Ray and network interfaces have no resource to name
  name = "all-types-thumbs-14f74e98"
  role = aws_iam_role.thumbs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/lambda/all-types-thumbs-14f74e98:*"
      },
      {
        Sid      = "Tracing"
        Effect   = "Allow"
        Action   = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
        Resource = "*"
      },
      {
        Sid    = "NetworkInterfaces"
        Effect = "Allow"
        Action = [
          "ec2:AssignPrivateIpAddresses",
          "ec2:CreateNetworkInterface",
          "ec2:DeleteNetworkInterface",
          "ec2:DescribeNetworkInterfaces",
          "ec2:DescribeSubnets",
          "ec2:UnassignPrivateIpAddresses",
        ]
        Resource = "*"
      },
      { "Sid" = "Readjobs", "Effect" = "Allow", "Action" = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource" = aws_sqs_queue.jobs.arn },
      { "Sid" = "DecryptOfjobs", "Effect" = "Allow", "Action" = "kms:Decrypt", "Resource" = aws_kms_key.key.arn },
      { "Sid" = "Readorders", "Effect" = "Allow", "Action" = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"], "Resource" = aws_dynamodb_table.orders.stream_arn },
      { "Sid" = "DecryptOforders", "Effect" = "Allow", "Action" = "kms:Decrypt", "Resource" = aws_kms_key.key.arn },
    ]
  })
}

resource "aws_lambda_function" "thumbs" {
  #checkov:skip=CKV_AWS_116:failed calls of queues go back to the queue; a function without one keeps its errors in the log
  #checkov:skip=CKV_AWS_272:code signing needs a signing profile
  #checkov:skip=CKV_AWS_115:reservedConcurrency is not set in the spec
  function_name                  = "all-types-thumbs-14f74e98"
  architectures                  = ["arm64"]
  handler                        = "app.handler"
  kms_key_arn                    = aws_kms_key.key.arn
  memory_size                    = 128
  package_type                   = "Zip"
  reserved_concurrent_executions = -1
  role                           = aws_iam_role.thumbs.arn
  runtime                        = "python3.13"
  s3_bucket                      = "example-artifacts"
  s3_key                         = "thumbs.zip"
  timeout                        = 20

  tracing_config {
    mode = "Active"
  }

  vpc_config {
    security_group_ids = [aws_security_group.thumbs.id, aws_security_group.office.id]
    subnet_ids         = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  }

  tags = { "Name" = "all-types-Thumbnails" }

  depends_on = [aws_cloudwatch_log_group.thumbs, aws_iam_role_policy.thumbs]
}

resource "aws_lambda_event_source_mapping" "thumbs__jobs" {
  batch_size              = 10
  event_source_arn        = aws_sqs_queue.jobs.arn
  function_name           = aws_lambda_function.thumbs.arn
  function_response_types = ["ReportBatchItemFailures"]

  depends_on = [aws_iam_role_policy.thumbs]
}

resource "aws_lambda_event_source_mapping" "thumbs__orders" {
  batch_size              = 10
  event_source_arn        = aws_dynamodb_table.orders.stream_arn
  function_name           = aws_lambda_function.thumbs.arn
  function_response_types = ["ReportBatchItemFailures"]
  maximum_retry_attempts  = 10
  starting_position       = "LATEST"

  depends_on = [aws_iam_role_policy.thumbs]
}

resource "aws_lambda_permission" "thumbs__assets" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.thumbs.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.assets.arn
  statement_id  = "AllowFromassets"
}

resource "aws_lambda_permission" "thumbs__events" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.thumbs.function_name
  principal     = "sns.amazonaws.com"
  source_arn    = aws_sns_topic.events.arn
  statement_id  = "AllowFromevents"
}

resource "aws_security_group" "thumbs" {
  name        = "all-types-thumbs-14f74e98"
  description = "LAMBDA all-types-thumbs-14f74e98"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Thumbnails" }
}

#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "thumbs__internet" {
  #checkov:skip=CKV_AWS_382:the subnet has a way to the internet, or egress says so
  security_group_id = aws_security_group.thumbs.id
  description       = "to the internet"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
