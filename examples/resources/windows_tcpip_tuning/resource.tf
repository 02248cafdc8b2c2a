# A mail server that opens many connections: closed ones free their port after 30 seconds instead of minutes.
resource "windows_tcpip_tuning" "mail" {
  host                 = "mail01.contoso.com"
  tcp_timed_wait_delay = 30 # seconds
}

# Two old servers, where MaxUserPort sets the size of the port pool.
resource "windows_tcpip_tuning" "relay" {
  for_each = toset(["relay01.contoso.com", "relay02.contoso.com:5986"])

  host                 = each.key
  tcp_timed_wait_delay = 30
  max_user_port        = 65534

  on_destroy = "restore" # the default: put back what was there before
  timeouts = {
    create = "5m"
  }
}
