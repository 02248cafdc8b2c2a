# Web front ends under a company baseline: they answer browsers and call application servers, each call a new connection.
# Outgoing connections take their port from a range that starts above what listens on these servers.

terraform {
  required_version = ">= 1.8" # the provider's functions; OpenTofu: 1.7
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

variable "hosts" {
  description = "The front ends, Windows Server 2008 or later, as the attribute host takes them."
  type        = set(string)
}

variable "calls" {
  description = "New connections per second from a front end to one application server, at the peak."
  type        = number
  default     = 500
}

variable "start_port" {
  description = "The first port of the dynamic port range; it ends at 65535."
  type        = number
  default     = 20000

  # An error in the plan, before any host is asked.
  validation {
    condition     = var.start_port >= 1025 && var.start_port <= 65281 # what netsh sets
    error_message = "Write a port from 1025 to 65281."
  }
  validation {
    condition     = try(length(provider::windows::port_range_conflicts(var.start_port, 65536 - var.start_port, [3389, 5985, 5986, 8080, 8172])) == 0, false)
    error_message = "The range contains a port that listens here: Remote Desktop, WinRM, the health check on 8080 or Web Deploy."
  }
}

locals {
  number_of_ports = 65536 - var.start_port
  delay           = 60 # seconds
}

resource "windows_tcpip_tuning" "web" {
  for_each = var.hosts
  host     = each.key

  tcp_timed_wait_delay         = local.delay
  keep_alive_time              = 300000 # milliseconds: five minutes, as the baseline says
  tcp_max_data_retransmissions = 3      # likewise

  dynamic_port_range = {
    tcp = {
      start_port      = var.start_port
      number_of_ports = local.number_of_ports
    }
  }

  timeouts = {
    create = "5m" # a machine that is just being set up is waited for
  }
}

# The baseline may also come by Group Policy: a value has one owner. Read after the apply, so that a machine that is not there
# yet does not fail the plan.
data "windows_tcpip_settings" "web" {
  for_each = var.hosts
  host     = each.key

  depends_on = [windows_tcpip_tuning.web]
}

check "one_owner" {
  assert {
    condition = alltrue([
      for settings in values(data.windows_tcpip_settings.web) : !contains(settings.findings[*].code, "set_by_policy")
    ])
    error_message = join("\n", flatten([
      for name, settings in data.windows_tcpip_settings.web : [
        for finding in settings.findings : "${name}: ${finding.message}" if finding.code == "set_by_policy"
      ]
    ]))
  }
}

check "enough_ports" {
  assert {
    condition = provider::windows::sustainable_connection_rate(local.number_of_ports, local.delay) >= var.calls
    error_message = format("%d ports sustain %.1f new connections per second to one application server; %g are expected.",
      local.number_of_ports, provider::windows::sustainable_connection_rate(local.number_of_ports, local.delay), var.calls
    )
  }
}
