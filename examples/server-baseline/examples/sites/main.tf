# Two groups of hosts with an account each: the office's domain and the DMZ's. Which host is what stands in hosts.yaml, which is
# what people change and review. A group more is a provider block, a module block and an account more.

terraform {
  required_version = ">= 1.9"
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

variable "inventory" {
  description = "The file with the hosts of each group."
  type        = string
  default     = "hosts.yaml"
}

variable "accounts" {
  description = "The account of each group. Give it as TF_VAR_accounts, out of the CI system's secrets."
  type = object({
    office = object({ username = string, password = string })
    dmz    = object({ username = string, password = string })
  })
  sensitive = true
}

locals {
  inventory = yamldecode(file(var.inventory))
}

provider "windows" {
  alias    = "office"
  username = var.accounts.office.username
  password = var.accounts.office.password
}

provider "windows" {
  alias    = "dmz"
  username = var.accounts.dmz.username
  password = var.accounts.dmz.password
}

module "office" {
  source    = "../.."
  providers = { windows = windows.office }
  hosts     = local.inventory.office
}

module "dmz" {
  source    = "../.."
  providers = { windows = windows.dmz }
  hosts     = local.inventory.dmz
}

output "hosts_by_baseline" {
  value = {
    office = module.office.hosts_by_baseline
    dmz    = module.dmz.hosts_by_baseline
  }
}
