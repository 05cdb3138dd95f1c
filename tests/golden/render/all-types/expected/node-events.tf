resource "aws_sns_topic" "events" {
  name              = "all-types-events-66401f54"
  display_name      = "Shop"
  kms_master_key_id = aws_kms_key.key.arn

  tags = { "Name" = "all-types-Events" }
}

resource "aws_sns_topic_policy" "events" {
  arn = aws_sns_topic.events.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { "Sid" = "AllowBucketassets", "Effect" = "Allow", "Action" = "sns:Publish", "Resource" = aws_sns_topic.events.arn, "Principal" = { "Service" = "s3.amazonaws.com" }, "Condition" = { "ArnEquals" = { "aws:SourceArn" = aws_s3_bucket.assets.arn } } },
    ]
  })
}

resource "aws_sns_topic_subscription" "events__jobs" {
  endpoint  = aws_sqs_queue.jobs.arn
  protocol  = "sqs"
  topic_arn = aws_sns_topic.events.arn
}

resource "aws_sns_topic_subscription" "events__thumbs" {
  endpoint  = aws_lambda_function.thumbs.arn
  protocol  = "lambda"
  topic_arn = aws_sns_topic.events.arn
}
