terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  backend "s3" {
    bucket       = "states"
    region       = "us-east-1"
    use_lockfile = true
    key          = "team/web/odd.tfstate"
  }
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["123456789012"]

  assume_role {
    role_arn     = "arn:aws:iam::123456789012:role/deploy"
    session_name = "trueup-odd"
    external_id  = "x-1"
    duration     = "3600s"
  }

  default_tags {
    tags = {
      "managed-by" = "trueup"
      "repository" = "example/specs"
      "canvas"     = "odd"
    }
  }
}
