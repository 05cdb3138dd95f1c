resource "aws_cloudfront_origin_access_control" "cdn" {
  name                              = "all-types-cdn-79b6c42d"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

#trivy:ignore:AWS-0010
#trivy:ignore:AWS-0011
#trivy:ignore:AWS-0013
resource "aws_cloudfront_distribution" "cdn" {
  #checkov:skip=CKV_AWS_310:a second origin to fail over to is not part of the canvas
  #checkov:skip=CKV_AWS_374:blockedCountries is not set in the spec
  #checkov:skip=CKV_AWS_86:access logs need a bucket and cost storage
  #checkov:skip=CKV_AWS_68:a web application firewall costs by rule and request; set webAclArn
  #checkov:skip=CKV2_AWS_47:a web application firewall costs by rule and request; set webAclArn
  #checkov:skip=CKV_AWS_174:the certificate of CloudFront allows no choice; set certificateArn
  #checkov:skip=CKV2_AWS_42:no domain name of its own; set certificateArn and aliases
  comment             = "all-types-cdn-79b6c42d"
  default_root_object = "index.html"
  enabled             = true
  http_version        = "http2and3"
  is_ipv6_enabled     = true
  price_class         = "PriceClass_100"

  origin {
    domain_name              = aws_s3_bucket.assets.bucket_regional_domain_name
    origin_id                = "assets"
    origin_access_control_id = aws_cloudfront_origin_access_control.cdn.id
  }

  origin {
    domain_name = aws_lb.front.dns_name
    origin_id   = "front"

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    allowed_methods            = ["GET", "HEAD"]
    cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6"
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    response_headers_policy_id = "67f7725c-6f97-4210-82d7-5512b31e9d03"
    target_origin_id           = "assets"
    viewer_protocol_policy     = "redirect-to-https"
  }

  ordered_cache_behavior {
    allowed_methods            = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cache_policy_id            = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    cached_methods             = ["GET", "HEAD"]
    compress                   = true
    origin_request_policy_id   = "216adef6-5c7f-47e4-b989-5492eafa07d3"
    path_pattern               = "/api/*"
    response_headers_policy_id = "67f7725c-6f97-4210-82d7-5512b31e9d03"
    target_origin_id           = "front"
    viewer_protocol_policy     = "redirect-to-https"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }

  tags = { "Name" = "all-types-Content delivery" }
}
