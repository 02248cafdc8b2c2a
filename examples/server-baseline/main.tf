# Applies a named baseline to each host of a map, with what a host has of its own. There is no provider block in here: the caller
# passes one, so that groups of hosts can have credentials of their own.

terraform {
  required_version = ">= 1.9" # validation of a variable by what stands elsewhere in the module
  required_providers {
    windows = {
      source = "windows-baseline/windows"
    }
  }
}

locals {
  host_keys = ["baseline", "overrides", "windows"]

  # A word of the map and not a question to the host: a baseline then costs no read, a plan needs no host that answers, and what
  # is planned comes from the configuration alone. A wrong word does not go unnoticed: the provider refuses a dynamic port range
  # on Server 2003 and warns of MaxUserPort elsewhere.
  windows = ["2003", "2008+"]

  # What a baseline and overrides can set: windows_tcpip_tuning's attributes.
  attributes = [
    "tcp_timed_wait_delay",
    "max_user_port",
    "strict_time_wait_seq_check",
    "tcp_max_data_retransmissions",
    "keep_alive_time",
    "keep_alive_interval",
    "tcp_num_connections",
    "dynamic_port_range",
  ]

  # Of each host: nothing, the baseline, the baseline's share for its Windows, its own. The last one that names an attribute
  # wins; null wins as well, and is not managed.
  settings = {
    for name, host in var.hosts : name => merge(
      { for attribute in local.attributes : attribute => null },
      local.baselines[host.baseline].every,
      local.baselines[host.baseline][coalesce(try(tostring(host.windows), null), "2008+")],
      try(host.overrides, null),
    )
  }
}

resource "windows_tcpip_tuning" "host" {
  for_each = local.settings
  host     = each.key

  tcp_timed_wait_delay         = each.value.tcp_timed_wait_delay
  max_user_port                = each.value.max_user_port
  strict_time_wait_seq_check   = each.value.strict_time_wait_seq_check
  tcp_max_data_retransmissions = each.value.tcp_max_data_retransmissions
  keep_alive_time              = each.value.keep_alive_time
  keep_alive_interval          = each.value.keep_alive_interval
  tcp_num_connections          = each.value.tcp_num_connections
  dynamic_port_range           = each.value.dynamic_port_range

  on_destroy = var.on_destroy
  timeouts   = var.create_timeout == null ? null : { create = var.create_timeout }
}

# Read after the apply, so that a machine that is not there yet does not fail the plan that creates it.
data "windows_tcpip_settings" "host" {
  for_each = toset(var.audit ? keys(var.hosts) : [])
  host     = each.key

  depends_on = [windows_tcpip_tuning.host]
}

check "audit" {
  assert {
    condition = alltrue([for settings in values(data.windows_tcpip_settings.host) : !contains(settings.findings[*].severity, "error")])
    error_message = join("\n", flatten([
      for name, settings in data.windows_tcpip_settings.host : [
        for finding in settings.findings : "${name}: ${finding.message}" if finding.severity == "error"
      ]
    ]))
  }
}
