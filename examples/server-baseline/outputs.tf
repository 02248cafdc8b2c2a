output "hosts_by_baseline" {
  description = "Which hosts have which baseline."
  value = {
    for baseline in keys(local.baselines) : baseline => sort([for name, host in var.hosts : name if host.baseline == baseline])
  }
}

output "settings" {
  description = "What is managed on each host: its baseline with its overrides."
  value = {
    for name, settings in local.settings : name => { for attribute, value in settings : attribute => value if value != null }
  }
}

output "awaiting_restart" {
  description = "The hosts with values that take effect after their next restart, and which. It changes when somebody restarts a host, so keep it out of the root outputs of what a drift check plans."
  value = {
    for name, tuning in windows_tcpip_tuning.host : name => tuning.pending_restart if length(tuning.pending_restart) > 0
  }
}

output "findings" {
  description = "With audit = true: what is wrong on each host beside what is set here, errors and warnings."
  value = {
    for name, settings in data.windows_tcpip_settings.host : name => [
      for finding in settings.findings : "${finding.severity} ${finding.code}: ${finding.message}" if finding.severity != "info"
    ]
  }
}
