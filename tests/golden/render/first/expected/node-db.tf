resource "aws_db_subnet_group" "db" {
  name        = "shop-db-ca16fe88"
  description = "RDS shop-db-ca16fe88"
  subnet_ids  = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  tags        = { "Name" = "shop-Orders" }
}

resource "aws_db_instance" "db" {
  #checkov:skip=CKV_AWS_118:enhanced monitoring costs money
  #checkov:skip=CKV_AWS_157:a standby costs money and is a config key
  identifier                          = "shop-db-ca16fe88"
  engine                              = "postgres"
  instance_class                      = "db.t4g.micro"
  allocated_storage                   = 20
  storage_type                        = "gp3"
  storage_encrypted                   = true
  username                            = "dbadmin"
  manage_master_user_password         = true
  db_subnet_group_name                = aws_db_subnet_group.db.name
  vpc_security_group_ids              = [aws_security_group.db.id]
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
  final_snapshot_identifier           = "shop-db-ca16fe88-final"
  apply_immediately                   = true
  tags                                = { "Name" = "shop-Orders" }
}

resource "aws_security_group" "db" {
  name        = "shop-db-ca16fe88"
  description = "RDS shop-db-ca16fe88"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "shop-Orders" }
}

resource "aws_vpc_security_group_ingress_rule" "db__from_web_5432" {
  security_group_id            = aws_security_group.db.id
  description                  = "from web"
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.web.id
}
