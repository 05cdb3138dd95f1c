resource "aws_elasticache_subnet_group" "cache" {
  name       = "all-types-cache-fa2d52c8"
  subnet_ids = [aws_subnet.private_0.id, aws_subnet.private_1.id]

  tags = { "Name" = "all-types-Cache" }
}

resource "aws_elasticache_replication_group" "cache" {
  #checkov:skip=CKV_AWS_31:connections are encrypted; who may connect is decided by security groups
  replication_group_id       = "all-types-cache-fa2d52c8"
  apply_immediately          = false
  at_rest_encryption_enabled = true
  auto_minor_version_upgrade = true
  automatic_failover_enabled = true
  description                = "all-types-cache-fa2d52c8"
  engine                     = "valkey"
  engine_version             = "8.0"
  kms_key_id                 = aws_kms_key.key.arn
  multi_az_enabled           = true
  node_type                  = "cache.t4g.micro"
  num_cache_clusters         = 2
  port                       = 6379
  security_group_ids         = [aws_security_group.cache.id, aws_security_group.office.id]
  snapshot_retention_limit   = 1
  subnet_group_name          = aws_elasticache_subnet_group.cache.name
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"

  tags = { "Name" = "all-types-Cache" }
}

resource "aws_security_group" "cache" {
  name        = "all-types-cache-fa2d52c8"
  description = "ELASTICACHE all-types-cache-fa2d52c8"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Cache" }
}

resource "aws_vpc_security_group_ingress_rule" "cache__from_api_6379" {
  security_group_id            = aws_security_group.cache.id
  description                  = "from api"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.api.id
}

resource "aws_vpc_security_group_ingress_rule" "cache__from_cluster_6379" {
  security_group_id            = aws_security_group.cache.id
  description                  = "from cluster"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.cluster.id
}

resource "aws_vpc_security_group_ingress_rule" "cache__from_thumbs_6379" {
  security_group_id            = aws_security_group.cache.id
  description                  = "from thumbs"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.thumbs.id
}

resource "aws_vpc_security_group_ingress_rule" "cache__from_web_6379" {
  security_group_id            = aws_security_group.cache.id
  description                  = "from web"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.web.id
}

resource "aws_vpc_security_group_ingress_rule" "cache__from_workers_6379" {
  security_group_id            = aws_security_group.cache.id
  description                  = "from workers"
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
  referenced_security_group_id = aws_security_group.workers.id
}
