data "windows_socket_stats" "mail" {
  host = "mail01.contoso.com"
  top  = 5
}

# A warning when the host is near to running out of ephemeral ports. A check never fails a plan.
check "ports_left" {
  assert {
    condition     = data.windows_socket_stats.mail.pool == null || data.windows_socket_stats.mail.pool.utilisation < 0.8
    error_message = "mail01 uses more than 80 % of its ephemeral ports."
  }
}
