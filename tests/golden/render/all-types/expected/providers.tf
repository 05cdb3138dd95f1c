terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = ["123456789012"]

  default_tags {
    tags = {
      "managed-by" = "trueup"
      "repository" = "example/specs"
      "canvas"     = "all-types"
    }
  }
}
