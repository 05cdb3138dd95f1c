#trivy:ignore:AWS-0017
resource "aws_cloudwatch_log_group" "cluster" {
  #checkov:skip=CKV_AWS_158:encrypted with the key of CloudWatch Logs
  name              = "/aws/eks/all-types-cluster-1ac6433e/cluster"
  retention_in_days = 365

  tags = { "Name" = "all-types-Kubernetes" }
}

resource "aws_iam_role" "cluster" {
  name = "all-types-cluster-1ac6433e"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "eks.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  tags = { "Name" = "all-types-Kubernetes" }
}

resource "aws_iam_role_policy_attachment" "cluster" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
  role       = aws_iam_role.cluster.name
}

#trivy:ignore:AWS-0039
resource "aws_eks_cluster" "cluster" {
  #checkov:skip=CKV_AWS_58:EKS encrypts secrets with a key of AWS; set secretsKeyArn for one of your own
  name     = "all-types-cluster-1ac6433e"
  role_arn = aws_iam_role.cluster.arn
  version  = "1.33"

  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  vpc_config {
    endpoint_private_access = true
    endpoint_public_access  = false
    security_group_ids      = [aws_security_group.cluster.id, aws_security_group.office.id]
    subnet_ids              = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  }

  tags = { "Name" = "all-types-Kubernetes" }

  depends_on = [aws_cloudwatch_log_group.cluster, aws_iam_role_policy_attachment.cluster]
}

resource "aws_iam_role" "cluster__nodes" {
  name = "all-types-cluster-1ac6433e-nodes"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "ec2.amazonaws.com" }
        Action    = "sts:AssumeRole"
      },
    ]
  })

  tags = { "Name" = "all-types-Kubernetes" }
}

resource "aws_iam_role_policy_attachment" "cluster__nodes" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"
  role       = aws_iam_role.cluster__nodes.name
}

resource "aws_iam_role_policy_attachment" "cluster__cni" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
  role       = aws_iam_role.cluster__nodes.name
}

resource "aws_iam_role_policy_attachment" "cluster__registry" {
  policy_arn = "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryReadOnly"
  role       = aws_iam_role.cluster__nodes.name
}

resource "aws_launch_template" "cluster" {
  name          = "all-types-cluster-1ac6433e"
  instance_type = "t3.medium"

  vpc_security_group_ids = [aws_eks_cluster.cluster.vpc_config[0].cluster_security_group_id, aws_security_group.cluster.id, aws_security_group.office.id]

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      encrypted   = true
      volume_size = 20
      volume_type = "gp3"
    }
  }

  metadata_options {
    http_endpoint               = "enabled"
    http_put_response_hop_limit = 1
    http_tokens                 = "required"
  }

  tag_specifications {
    resource_type = "instance"

    tags = { "Name" = "all-types-Kubernetes" }
  }

  tag_specifications {
    resource_type = "volume"

    tags = { "Name" = "all-types-Kubernetes" }
  }

  tags = { "Name" = "all-types-Kubernetes" }
}

resource "aws_eks_node_group" "cluster" {
  ami_type        = "AL2023_x86_64_STANDARD"
  cluster_name    = aws_eks_cluster.cluster.name
  node_group_name = "all-types-cluster-1ac6433e"
  node_role_arn   = aws_iam_role.cluster__nodes.arn
  subnet_ids      = [aws_subnet.private_0.id, aws_subnet.private_1.id]
  version         = aws_eks_cluster.cluster.version

  launch_template {
    id      = aws_launch_template.cluster.id
    version = aws_launch_template.cluster.latest_version
  }

  scaling_config {
    desired_size = 2
    max_size     = 2
    min_size     = 2
  }

  tags = { "Name" = "all-types-Kubernetes" }

  depends_on = [aws_iam_role_policy_attachment.cluster__cni, aws_iam_role_policy_attachment.cluster__nodes, aws_iam_role_policy_attachment.cluster__registry]
}

resource "aws_security_group" "cluster" {
  name        = "all-types-cluster-1ac6433e"
  description = "EKS all-types-cluster-1ac6433e"
  vpc_id      = aws_vpc.main.id
  tags        = { "Name" = "all-types-Kubernetes" }
}

#trivy:ignore:AWS-0104
resource "aws_vpc_security_group_egress_rule" "cluster__internet" {
  #checkov:skip=CKV_AWS_382:the subnet has a way to the internet, or egress says so
  security_group_id = aws_security_group.cluster.id
  description       = "to the internet"
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
