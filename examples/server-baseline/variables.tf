variable "hosts" {
  description = <<-EOT
    The hosts, by what the attribute host takes (name, name:port, [IPv6 address]:port). Of each:
    baseline: the name of one of the baselines;
    windows: "2008+" (the default) or "2003";
    overrides: attributes of windows_tcpip_tuning in place of the baseline's; null is not managed.
  EOT

  # Not map(object({…})): Terraform drops what such a type does not name, so a misspelt attribute would be lost without a word;
  # and with optional() null and nothing are the same, so no host could leave out what its baseline has.
  type     = any
  nullable = false

  # Each message names every host that it is about, and what can be written there.
  validation {
    condition = can(keys(var.hosts)) && alltrue([for host in try(values(var.hosts), []) : try(length(setsubtract(keys(host), local.host_keys)) == 0, false)])
    error_message = join("\n", [
      for name in try(keys(var.hosts), ["hosts is no map"]) : format("%s: a host has the keys %s; %s.", name, join(", ", local.host_keys),
        try("there is no ${join(", ", setsubtract(keys(var.hosts[name]), local.host_keys))}", "this is something else")
      ) if try(length(setsubtract(keys(var.hosts[name]), local.host_keys)) > 0, true)
    ])
  }

  validation {
    condition = alltrue([for host in try(values(var.hosts), []) : try(contains(keys(local.baselines), host.baseline), false)])
    error_message = join("\n", [
      for name in try(keys(var.hosts), []) : format("%s: %s. Baselines: %s.", name,
        try("there is no baseline \"${var.hosts[name].baseline}\"", "its baseline is missing"), join(", ", keys(local.baselines))
      ) if try(!contains(keys(local.baselines), var.hosts[name].baseline), true)
    ])
  }

  validation {
    condition = alltrue([for host in try(values(var.hosts), []) : try(host.windows, null) == null || try(contains(local.windows, tostring(host.windows)), false)])
    error_message = join("\n", [
      for name in try(keys(var.hosts), []) : format("%s: windows is %s. Write one of: %s.", name,
        try("\"${var.hosts[name].windows}\"", "no text"), join(", ", local.windows)
      ) if try(var.hosts[name].windows, null) != null && try(!contains(local.windows, tostring(var.hosts[name].windows)), true)
    ])
  }

  validation {
    condition = alltrue([
      for host in try(values(var.hosts), []) : try(host.overrides, null) == null || try(length(setsubtract(keys(host.overrides), local.attributes)) == 0, false)
    ])
    error_message = join("\n", [
      for name in try(keys(var.hosts), []) : format("%s: overrides has attributes and their values; %s. Attributes: %s.", name,
        try("there is no ${join(", ", setsubtract(keys(var.hosts[name].overrides), local.attributes))}", "this is something else"), join(", ", local.attributes)
      ) if try(var.hosts[name].overrides, null) != null && try(length(setsubtract(keys(var.hosts[name].overrides), local.attributes)) > 0, true)
    ])
  }

  # The provider checks the ranges of numbers. Here it is what Terraform would not ask the provider about: text in place of a
  # number, where it names no host, and names inside of dynamic_port_range, where it drops what it does not know.
  validation {
    condition = alltrue(flatten([
      for host in try(values(var.hosts), []) : [
        for attribute, value in try(merge(host.overrides), {}) : attribute == "dynamic_port_range" || can(tonumber(value))
      ]
    ]))
    error_message = join("\n", flatten([
      for name in try(keys(var.hosts), []) : [
        for attribute, value in try(merge(var.hosts[name].overrides), {}) : "${name}: ${attribute} must be a number, or null for a value that is not managed."
        if attribute != "dynamic_port_range" && !can(tonumber(value))
      ]
    ]))
  }

  validation {
    condition = alltrue(flatten([
      for host in try(values(var.hosts), []) : try(host.overrides.dynamic_port_range, null) == null ? [true] : try([
        for transport, range in host.overrides.dynamic_port_range :
        contains(["tcp", "udp"], transport) && (range == null || try(join(" ", sort(keys(range))) == "number_of_ports start_port", false))
      ], [false])
    ]))
    error_message = join("\n", [
      for name in try(keys(var.hosts), []) :
      "${name}: write dynamic_port_range as { tcp = { start_port = 10000, number_of_ports = 55536 } }, with tcp, udp or both; or null."
      if try(var.hosts[name].overrides.dynamic_port_range, null) != null && !try(alltrue([
        for transport, range in var.hosts[name].overrides.dynamic_port_range :
        contains(["tcp", "udp"], transport) && (range == null || try(join(" ", sort(keys(range))) == "number_of_ports start_port", false))
      ]), false)
    ])
  }
}

variable "on_destroy" {
  description = "What becomes of the values of a host that leaves the map, as the attribute on_destroy takes it: restore, keep or windows_default."
  type        = string
  default     = "restore"
}

variable "create_timeout" {
  description = "How long an apply waits for a machine that is still being set up, such as \"5m\"; null: not at all."
  type        = string
  default     = null
}

variable "audit" {
  description = "Read windows_tcpip_settings of each host too, for the output findings and a warning of errors: some 20 round trips a host more in each plan, and a host that does not answer fails it, whatever on_unreachable says."
  type        = bool
  default     = false
}
