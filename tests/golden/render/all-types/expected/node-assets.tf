resource "aws_s3_bucket" "assets" {
  #checkov:skip=CKV_AWS_18:an access log needs a bucket of its own
  #checkov:skip=CKV_AWS_144:replication to another region costs money
  bucket        = "all-types-assets-d92b583e"
  force_destroy = false
  tags          = { "Name" = "all-types-Files" }
}

resource "aws_s3_bucket_public_access_block" "assets" {
  bucket                  = aws_s3_bucket.assets.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "assets" {
  bucket = aws_s3_bucket.assets.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "assets" {
  bucket = aws_s3_bucket.assets.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.key.arn
    }
  }
}

resource "aws_s3_bucket_versioning" "assets" {
  bucket = aws_s3_bucket.assets.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "assets" {
  bucket = aws_s3_bucket.assets.id

  rule {
    id     = "abort-multipart"
    status = "Enabled"

    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  rule {
    id     = "noncurrent"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }

  depends_on = [aws_s3_bucket_versioning.assets]
}

resource "aws_s3_bucket_policy" "assets" {
  bucket = aws_s3_bucket.assets.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.assets.arn, format("%s/*", aws_s3_bucket.assets.arn)]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      { "Sid" = "AllowCloudFrontcdn", "Effect" = "Allow", "Action" = "s3:GetObject", "Resource" = "${aws_s3_bucket.assets.arn}/*", "Principal" = { "Service" = "cloudfront.amazonaws.com" }, "Condition" = { "StringEquals" = { "aws:SourceArn" = aws_cloudfront_distribution.cdn.arn } } },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.assets]
}

resource "aws_s3_bucket_notification" "assets" {
  bucket = aws_s3_bucket.assets.id

  topic {
    id        = "assets__events"
    topic_arn = aws_sns_topic.events.arn
    events    = ["s3:ObjectCreated:*"]
  }

  queue {
    id        = "assets__jobs"
    queue_arn = aws_sqs_queue.jobs.arn
    events    = ["s3:ObjectCreated:*"]
  }

  lambda_function {
    id                  = "assets__thumbs"
    lambda_function_arn = aws_lambda_function.thumbs.arn
    events              = ["s3:ObjectCreated:*"]
  }

  depends_on = [
    aws_sns_topic_policy.events,
    aws_sqs_queue_policy.jobs,
    aws_lambda_permission.thumbs__assets,
  ]
}
