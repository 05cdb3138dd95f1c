variable "db__password" {
  type      = string
  sensitive = true
}
