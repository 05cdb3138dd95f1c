resource "aws_kms_key" "key" {
  deletion_window_in_days = 30
  description             = "Customer key"
  enable_key_rotation     = true

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AccountAdministration"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::123456789012:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      { "Sid" = "AllowBucketsToevents", "Effect" = "Allow", "Action" = ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource" = "*", "Principal" = { "Service" = "s3.amazonaws.com" }, "Condition" = { "StringEquals" = { "aws:SourceAccount" = "123456789012" } } },
      { "Sid" = "AllowBucketsTojobs", "Effect" = "Allow", "Action" = ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource" = "*", "Principal" = { "Service" = "s3.amazonaws.com" }, "Condition" = { "StringEquals" = { "aws:SourceAccount" = "123456789012" } } },
      { "Sid" = "AllowCloudFrontForassets", "Effect" = "Allow", "Action" = ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource" = "*", "Principal" = { "Service" = "cloudfront.amazonaws.com" }, "Condition" = { "StringEquals" = { "aws:SourceAccount" = "123456789012" } } },
      { "Sid" = "AllowTopicsTojobs", "Effect" = "Allow", "Action" = ["kms:Decrypt", "kms:GenerateDataKey*"], "Resource" = "*", "Principal" = { "Service" = "sns.amazonaws.com" }, "Condition" = { "StringEquals" = { "aws:SourceAccount" = "123456789012" } } },
    ]
  })

  tags = { "Name" = "all-types-Customer key" }
}

resource "aws_kms_alias" "key" {
  name          = "alias/all-types"
  target_key_id = aws_kms_key.key.key_id
}
