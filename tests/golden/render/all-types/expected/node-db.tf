resource "aws_db_subnet_group" "db" {
  name        = "all-types-db-b518c9d4"
  description = "RDS all-types-db-b518c9d4"
  subnet_ids  = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  tags        = { "Name" = "all-types-Database" }
}

resource "aws_db_instance" "db" {
  #checkov:skip=CKV_AWS_118:enhanced monitoring costs money
  #checkov:skip=CKV_AWS_157:a standby costs money and is a config key
  identifier                          = "all-types-db-b518c9d4"
  engine                              = "postgres"
  engine_version                      = "17"
  instance_class                      = "db.t4g.micro"
  allocated_storage                   = 20
  storage_type                        = "gp3"
  storage_encrypted                   = true
  kms_key_id                          = aws_kms_key.key.arn
  username                            = "dbadmin"
  manage_master_user_password         = true
  db_subnet_group_name                = aws_db_subnet_group.db.name
  vpc_security_group_ids              = [aws_security_group.db.id, aws_security_group.office.id]
  publicly_accessible                 = false
  multi_az                            = false
  backup_retention_period             = 7
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  iam_database_authentication_enabled = true
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
  enabled_cloudwatch_logs_exports     = ["postgresql", "upgrade"]
  deletion_protection                 = true
  skip_final_snapshot                 = false
  final_snapshot_identifier           = "all-types-db-b518c9d4-final"
  apply_immediately                   = true
  tags                                = { "Name" = "all-types-Database" }
}

resource "aws_security_group" "db" {
  name        = "all-types-db-b518c9d4"
  description = "RDS all-types-db-b518c9d4"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Database" }
}

resource "aws_vpc_security_group_ingress_rule" "db__from_api_5432" {
  security_group_id            = aws_security_group.db.id
  description                  = "from api"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.api.id
}

resource "aws_vpc_security_group_ingress_rule" "db__from_cluster_5432" {
  security_group_id            = aws_security_group.db.id
  description                  = "from cluster"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.cluster.id
}

resource "aws_vpc_security_group_ingress_rule" "db__from_thumbs_5432" {
  security_group_id            = aws_security_group.db.id
  description                  = "from thumbs"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.thumbs.id
}

resource "aws_vpc_security_group_ingress_rule" "db__from_web_5432" {
  security_group_id            = aws_security_group.db.id
  description                  = "from web"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.web.id
}

resource "aws_vpc_security_group_ingress_rule" "db__from_workers_5432" {
  security_group_id            = aws_security_group.db.id
  description                  = "from workers"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.workers.id
}
