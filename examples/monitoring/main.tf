# Monitoring as code: takes the socket statistics and the audit of a fleet and renders what a monitoring system needs from
# the hosts' real port ranges and from what is wrong with their settings. Keep it in a state apart from drift checks: its outputs change with every run, and a root output that
# changes makes `plan -detailed-exitcode` return 2.

terraform {
  required_version = ">= 1.5"
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

variable "hosts" {
  description = "The hosts to look at, as the attribute host takes them."
  type        = set(string)
}

variable "warn_at" {
  description = "The utilisation, 0 to 1, above which a host is named by the check and by the alert rules."
  type        = number
  default     = 0.8
}

data "windows_socket_stats" "host" {
  for_each = var.hosts
  host     = each.key
}

data "windows_tcpip_settings" "host" {
  for_each = var.hosts
  host     = each.key
}

locals {
  # How many findings there are of each severity and code, by host. Codes are stable; messages are for people, and hold
  # names from the host, so they stay out of rules.
  findings = {
    for name, settings in data.windows_tcpip_settings.host : name => {
      for finding in settings.findings : "${finding.severity}/${finding.code}" => finding.subject...
    }
  }

  # Hosts whose port range is known, with the number of ports at which to warn.
  pools = {
    for name, stats in data.windows_socket_stats.host : name => {
      available = stats.pool.number_of_ports - coalesce(stats.pool.excluded, 0)
      in_use    = stats.pool.in_use
      threshold = floor(var.warn_at * (stats.pool.number_of_ports - coalesce(stats.pool.excluded, 0)))
    } if stats.pool != null
  }
}

check "ports_left" {
  assert {
    condition = alltrue([for name, stats in data.windows_socket_stats.host : try(stats.pool.utilisation <= var.warn_at, true)])
    error_message = format("Hosts that use more than %d %% of their ephemeral ports: %s.", var.warn_at * 100, join(", ", [
      for name, stats in data.windows_socket_stats.host : name if try(stats.pool.utilisation > var.warn_at, false)
    ]))
  }
}

# A host whose port range is not known has no threshold and no alert rule: that must not go unnoticed.
check "ports_known" {
  assert {
    condition = alltrue([for name, stats in data.windows_socket_stats.host : stats.pool != null])
    error_message = format("Hosts whose port range is not known (their notes say why): %s.", join(", ", [
      for name, stats in data.windows_socket_stats.host : name if stats.pool == null
    ]))
  }
}

# What is set and does not do what it says. Each message names the host's value or range.
check "settings" {
  assert {
    condition = alltrue([for settings in values(data.windows_tcpip_settings.host) : !contains(settings.findings[*].severity, "error")])
    error_message = join("\n", flatten([
      for name, settings in data.windows_tcpip_settings.host : [
        for finding in settings.findings : "${name}: ${finding.message}" if finding.severity == "error"
      ]
    ]))
  }
}

output "findings" {
  description = "What the audit of each host found, by host, severity and code: what it is about."
  value       = local.findings
}

output "windows" {
  description = "Which Windows each host has, since when it runs, and who manages its tuning."
  value = {
    for name, settings in data.windows_tcpip_settings.host : name => {
      build     = settings.operating_system.build
      last_boot = settings.operating_system.last_boot
      owner     = try(settings.managed_by.owner, null)
    }
  }
}

output "thresholds" {
  description = "Ports available, in use, and at which to warn, by host."
  value       = local.pools
}

output "prometheus_targets" {
  description = "A file for Prometheus' file_sd_configs: windows_exporter's port on every host."
  value = jsonencode([
    for name in sort(var.hosts) : { targets = ["${replace(name, "/:[0-9]+$/", "")}:9182"], labels = { winrm_host = name } }
  ])
}

output "prometheus_rules" {
  description = "Alert rules with each host's own threshold, and what the audit found as a series."
  value       = templatefile("${path.module}/rules.yaml.tftpl", { pools = local.pools, findings = local.findings })
}
