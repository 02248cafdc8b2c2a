# Load generators: the widest range that leaves the services alone, and closed connections that give their ports back after 30
# seconds. Services inside the range keep their ports by a reservation, which somebody makes on the host once; the plan stops
# as long as one is missing, and prints the lines.

terraform {
  required_version = ">= 1.8" # the provider's functions; OpenTofu: 1.7
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

variable "hosts" {
  description = "The load generators, Windows Server 2008 R2 or later, as the attribute host takes them."
  type        = set(string)
}

variable "services" {
  description = "What listens on the generators itself: its name and its TCP port."
  type        = map(number)
  default = {
    "remote control" = 1099
    "results"        = 12000
    "licences"       = 27000
  }
}

variable "connections_per_second" {
  description = "New connections per second that a generator opens to the system under test."
  type        = number
  default     = 1500
}

locals {
  delay = 30 # seconds
  range = {
    start_port      = 6000 # above WinRM's 5985 and 5986
    number_of_ports = 59536
  }

  # The services that the range would take in: 1099 is below it.
  inside = {
    for name, port in var.services : name => port
    if length(provider::windows::port_range_conflicts(local.range.start_port, local.range.number_of_ports, [port])) > 0
  }

  # The lines that reserve what is not reserved yet, by host. The range is set for both families, so both are looked at.
  missing = {
    for host, settings in data.windows_tcpip_settings.generator : host => flatten([
      for name, port in local.inside : [
        for family in ["ipv4", "ipv6"] :
        "netsh int ${family} add excludedportrange protocol=tcp startport=${port} numberofports=1 store=persistent & rem ${name}"
        if !anytrue([
          for excluded in coalesce(settings.excluded_port_ranges, []) : # null: not read, so as good as not reserved
          excluded.transport == "tcp" && excluded.family == family && port >= excluded.start_port && port <= excluded.last_port
        ])
      ]
    ])
  }
}

data "windows_tcpip_settings" "generator" {
  for_each = var.hosts
  host     = each.key
}

resource "windows_tcpip_tuning" "generator" {
  for_each = var.hosts
  host     = each.key

  tcp_timed_wait_delay = local.delay
  dynamic_port_range   = { tcp = local.range }

  lifecycle {
    precondition {
      condition = length(local.missing[each.key]) == 0
      error_message = join("\n  ", concat(
        ["Reserve these ports on ${each.key} first, with the services stopped, in a command prompt with full rights:"],
        local.missing[each.key]
      ))
    }
  }
}

# How near they are to running out, in every plan.
data "windows_socket_stats" "generator" {
  for_each = var.hosts
  host     = each.key
}

check "ports_left" {
  assert {
    condition = alltrue([for stats in values(data.windows_socket_stats.generator) : try(stats.pool.utilisation <= 0.8, false)])
    error_message = format("More than 80 %% of the ports are in use, or the pool is not known, on: %s.", join(", ", [
      for host, stats in data.windows_socket_stats.generator : host if !try(stats.pool.utilisation <= 0.8, false)
    ]))
  }
}

check "enough_ports" {
  assert {
    condition = provider::windows::required_ports(var.connections_per_second, local.delay) <= local.range.number_of_ports
    error_message = format("%g connections per second require %d ports, and the range has %d: more generators, or more addresses to connect to.",
      var.connections_per_second, provider::windows::required_ports(var.connections_per_second, local.delay), local.range.number_of_ports
    )
  }
}

output "services_in_range" {
  description = "The services that the range takes in, with their ports: each needs a reservation."
  value       = local.inside
}
