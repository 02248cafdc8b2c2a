data "windows_tcpip_settings" "mail" {
  host = "mail01.contoso.com"
}

# A warning for each plan while something is set that does not do what it says, or while a range is in the way of a
# service. Leave a code out once you have decided that it is meant so.
check "mail_is_tuned_as_it_looks" {
  assert {
    condition = length([for f in data.windows_tcpip_settings.mail.findings : f if f.severity != "info" && f.code != "listener_in_range"]) == 0
    error_message = join("\n", [
      for f in data.windows_tcpip_settings.mail.findings : "mail01: ${f.code}: ${f.message}" if f.severity != "info" && f.code != "listener_in_range"
    ])
  }
}

# What Windows waits for a closed connection's port, where that is known.
output "time_wait_seconds" {
  value = {
    value   = data.windows_tcpip_settings.mail.values.tcp_timed_wait_delay.number
    default = data.windows_tcpip_settings.mail.values.tcp_timed_wait_delay.default
    unknown = null
  }[data.windows_tcpip_settings.mail.values.tcp_timed_wait_delay.in_effect]
}

# The pool of outgoing connections, whichever control this Windows has.
output "pool" {
  value = try(data.windows_tcpip_settings.mail.port_ranges.tcp.ipv4, data.windows_tcpip_settings.mail.ephemeral_ports)
}
