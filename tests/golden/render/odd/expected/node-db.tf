resource "aws_db_subnet_group" "db" {
  name        = "odd-db-ff1df210"
  description = "RDS odd-db-ff1df210"
  subnet_ids  = [aws_subnet.private_0.id, aws_subnet.private_1.id, aws_subnet.private_2.id]
  tags        = { "Name" = "odd-db" }
}

resource "aws_db_instance" "db" {
  #checkov:skip=CKV_AWS_118:enhanced monitoring costs money
  #checkov:skip=CKV_AWS_157:a standby costs money and is a config key
  #checkov:skip=CKV_AWS_293:deletion protection is turned off by config
  identifier                          = "odd-db-ff1df210"
  engine                              = "mysql"
  instance_class                      = "db.t4g.micro"
  allocated_storage                   = 20
  storage_type                        = "gp3"
  storage_encrypted                   = true
  username                            = "dbadmin"
  password                            = var.db__password
  db_subnet_group_name                = aws_db_subnet_group.db.name
  vpc_security_group_ids              = [aws_security_group.db.id]
  publicly_accessible                 = false
  multi_az                            = false
  backup_retention_period             = 7
  copy_tags_to_snapshot               = true
  auto_minor_version_upgrade          = true
  iam_database_authentication_enabled = true
  ca_cert_identifier                  = "rds-ca-rsa2048-g1"
  enabled_cloudwatch_logs_exports     = ["audit", "error", "slowquery"]
  deletion_protection                 = false
  skip_final_snapshot                 = true
  final_snapshot_identifier           = "odd-db-ff1df210-final"
  apply_immediately                   = true
  tags                                = { "Name" = "odd-db" }
}

resource "aws_security_group" "db" {
  name        = "odd-db-ff1df210"
  description = "RDS odd-db-ff1df210"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "odd-db" }
}

resource "aws_vpc_security_group_ingress_rule" "db__from__·_1·20web·20server_3306" {
  security_group_id            = aws_security_group.db.id
  description                  = "from 1-web-server"
  ip_protocol                  = "tcp"
  from_port                    = 3306
  to_port                      = 3306
  referenced_security_group_id = aws_security_group._·_1·20web·20server.id
}
