resource "aws_sqs_queue" "jobs" {
  name                              = "all-types-jobs-65cac2ed"
  delay_seconds                     = 0
  kms_data_key_reuse_period_seconds = 300
  kms_master_key_id                 = aws_kms_key.key.arn
  max_message_size                  = 262144
  message_retention_seconds         = 345600
  receive_wait_time_seconds         = 0
  visibility_timeout_seconds        = 120

  tags = { "Name" = "all-types-Jobs" }
}

resource "aws_sqs_queue" "jobs__dlq" {
  name                              = "all-types-jobs-65cac2ed-dlq"
  kms_data_key_reuse_period_seconds = 300
  kms_master_key_id                 = aws_kms_key.key.arn
  message_retention_seconds         = 1209600

  tags = { "Name" = "all-types-Jobs" }
}

resource "aws_sqs_queue_redrive_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.url

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.jobs__dlq.arn
    maxReceiveCount     = 5
  })
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { "Sid" = "AllowBucketassets", "Effect" = "Allow", "Action" = "sqs:SendMessage", "Resource" = aws_sqs_queue.jobs.arn, "Principal" = { "Service" = "s3.amazonaws.com" }, "Condition" = { "ArnEquals" = { "aws:SourceArn" = aws_s3_bucket.assets.arn } } },
      { "Sid" = "AllowTopicevents", "Effect" = "Allow", "Action" = "sqs:SendMessage", "Resource" = aws_sqs_queue.jobs.arn, "Principal" = { "Service" = "sns.amazonaws.com" }, "Condition" = { "ArnEquals" = { "aws:SourceArn" = aws_sns_topic.events.arn } } },
    ]
  })

  # One after the other: both set attributes of the queue.
  depends_on = [aws_sqs_queue_redrive_policy.jobs]
}
