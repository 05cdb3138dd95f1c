resource "aws_ebs_volume" "data" {
  availability_zone = data.aws_availability_zones.available.names[0]
  encrypted         = true
  iops              = 3000
  kms_key_id        = aws_kms_key.key.arn
  size              = 50
  throughput        = 125
  type              = "gp3"

  tags = { "Name" = "all-types-Data disk" }
}

resource "aws_volume_attachment" "data__web" {
  device_name = "/dev/sdf"
  instance_id = aws_instance.web.id
  volume_id   = aws_ebs_volume.data.id
}
