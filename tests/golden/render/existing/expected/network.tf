data "aws_vpc" "main" {
  id = "vpc-0123456789abcdef0"
}
