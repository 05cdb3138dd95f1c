resource "aws_dynamodb_table" "orders" {
  name                        = "all-types-orders-79cc4813"
  billing_mode                = "PAY_PER_REQUEST"
  deletion_protection_enabled = false
  hash_key                    = "id"
  range_key                   = "at"
  stream_enabled              = true
  stream_view_type            = "NEW_AND_OLD_IMAGES"

  attribute {
    name = "id"
    type = "S"
  }

  attribute {
    name = "at"
    type = "N"
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.key.arn
  }

  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  tags = { "Name" = "all-types-Orders" }
}
