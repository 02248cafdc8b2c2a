terraform {
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

variable "windows_password" {
  type      = string
  sensitive = true
}

# Credentials and defaults only; the hosts belong to the resources. Without https the messages go to port 5985, sealed
# by NTLM, as a Windows Server offers it out of the box.
provider "windows" {
  username = "CONTOSO\\svc-terraform"
  password = var.windows_password # or the environment variable WINDOWS_PASSWORD
}

# The same over HTTPS (port 5986), for hosts with a certificate from the company's own authority.
provider "windows" {
  alias          = "https"
  username       = "CONTOSO\\svc-terraform"
  password       = var.windows_password
  https          = true
  ca_certificate = file("${path.module}/ca.pem")
}
