data "windows_socket_stats" "mail" {
  host = "mail01.contoso.com"
  top  = 5
}

# A warning when the host is near to running out of ephemeral ports, or when that cannot be told. The check itself never
# fails a plan; a host that does not answer does, since the data source is read outside of it.
check "ports_left" {
  assert {
    condition     = try(data.windows_socket_stats.mail.pool.utilisation <= 0.8, false)
    error_message = "mail01 uses more than 80 % of its ephemeral ports, or its port range is not known."
  }
}
