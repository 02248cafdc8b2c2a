# Mail servers of any age: closed connections give their ports back after 30 seconds, and there are about 55,000 ports
# instead of 4,000 (Server 2003) or 16,000 (2008 and later). Which of the two settings makes the pool wider depends on the
# version, so each host is asked for its own.

terraform {
  required_version = ">= 1.8" # the provider's functions; OpenTofu: 1.7
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

variable "hosts" {
  description = "The mail servers, as the attribute host takes them."
  type        = set(string)
}

variable "peak" {
  description = "New connections per second that a server opens to the busiest destination, at the peak."
  type        = number
  default     = 1000
}

variable "services" {
  description = "What listens on the servers: these ports must not be inside the range."
  type        = map(number)
  default = {
    "Remote Desktop"  = 3389
    "WinRM"           = 5985
    "WinRM, HTTPS"    = 5986
    "mail filter"     = 8891
    "mail management" = 9443
  }
}

variable "range" {
  description = "The dynamic port range of Windows Server 2008 and later."
  type = object({
    start_port      = number
    number_of_ports = number
  })
  default = {
    start_port      = 10000
    number_of_ports = 55536
  }

  validation {
    condition     = var.range.start_port + var.range.number_of_ports <= 65536
    error_message = "The range ends after port 65535."
  }
}

# Reads each host in every plan, and changes nothing. A host that does not answer fails the plan.
data "windows_tcpip_settings" "mail" {
  for_each = var.hosts
  host     = each.key
}

locals {
  delay         = 30    # seconds
  max_user_port = 65534 # Server 2003 hands out the ports from 1025 to this one

  # Windows Vista and Server 2008, builds 6000 and 6001, were the first with a dynamic port range.
  old = { for name, settings in data.windows_tcpip_settings.mail : name => settings.operating_system.build < 6000 }

  ports    = { for name, old in local.old : name => old ? local.max_user_port - 1024 : var.range.number_of_ports }
  required = provider::windows::required_ports(var.peak, local.delay)
  taken    = provider::windows::port_range_conflicts(var.range.start_port, var.range.number_of_ports, values(var.services))

  # What is wrong on a host beside what is set here.
  wrong = flatten([
    for name, settings in data.windows_tcpip_settings.mail : [
      for finding in settings.findings : "${name}: ${finding.message}" if finding.severity == "error"
    ]
  ])
}

resource "windows_tcpip_tuning" "mail" {
  for_each = var.hosts
  host     = each.key

  tcp_timed_wait_delay = local.delay # takes effect after the next restart of the host
  max_user_port        = local.old[each.key] ? local.max_user_port : null
  dynamic_port_range   = local.old[each.key] ? null : { tcp = var.range } # takes effect at once

  lifecycle {
    precondition {
      condition     = local.old[each.key] || length(local.taken) == 0
      error_message = "The range contains ports that services listen on: ${join(", ", local.taken)}. Move it, or reserve them and take them out of var.services."
    }
  }
}

# Warnings in every plan and apply; they stop nothing.
check "enough_ports" {
  assert {
    condition = alltrue([for ports in values(local.ports) : local.required <= ports])
    error_message = format("%g connections per second require %d ports; fewer are on: %s.", var.peak, local.required,
      join(", ", [for name, ports in local.ports : "${name} (${ports})" if ports < local.required])
    )
  }
}

check "audit" {
  assert {
    condition     = length(local.wrong) == 0
    error_message = join("\n", local.wrong)
  }
}
