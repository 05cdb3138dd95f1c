resource "aws_route53_zone" "dns" {
  #checkov:skip=CKV2_AWS_38:DNSSEC needs a key in us-east-1 and a record at the registrar
  #checkov:skip=CKV2_AWS_39:query logs cost storage and need a log group in us-east-1
  name          = "example.com"
  comment       = "Zone"
  force_destroy = false

  tags = { "Name" = "all-types-Zone" }
}

resource "aws_route53_record" "dns__cdn" {
  zone_id = aws_route53_zone.dns.zone_id
  name    = "example.com"
  type    = "A"

  alias {
    name                   = aws_cloudfront_distribution.cdn.domain_name
    zone_id                = aws_cloudfront_distribution.cdn.hosted_zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "dns__front" {
  zone_id = aws_route53_zone.dns.zone_id
  name    = "www.example.com"
  type    = "A"

  alias {
    name                   = aws_lb.front.dns_name
    zone_id                = aws_lb.front.zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "dns__tcp" {
  zone_id = aws_route53_zone.dns.zone_id
  name    = "tcp.example.com"
  type    = "A"

  alias {
    name                   = aws_lb.tcp.dns_name
    zone_id                = aws_lb.tcp.zone_id
    evaluate_target_health = false
  }
}

resource "aws_route53_record" "dns__web" {
  zone_id = aws_route53_zone.dns.zone_id
  name    = "web.example.com"
  type    = "A"
  ttl     = 300
  records = [aws_instance.web.private_ip]
}

resource "aws_route53_record" "dns__records_mail" {
  zone_id = aws_route53_zone.dns.zone_id
  name    = "example.com"
  type    = "MX"
  ttl     = 300
  records = ["10 mx.example.com"]
}
