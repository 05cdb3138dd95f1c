resource "aws_eip" "nat" {
  domain = "vpc"

  tags = { "Name" = "all-types-Way out" }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_nat_gateway" "nat" {
  allocation_id = aws_eip.nat.id
  subnet_id     = aws_subnet.public_0.id

  tags = { "Name" = "all-types-Way out" }

  depends_on = [aws_internet_gateway.main]
}

resource "aws_route" "nat__private_0" {
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat.id
  route_table_id         = aws_route_table.private_0.id
}

resource "aws_route" "nat__private_1" {
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat.id
  route_table_id         = aws_route_table.private_1.id
}
