# A mail server that opens many connections: closed ones free their port after 30 seconds instead of minutes.
resource "windows_tcpip_tuning" "mail" {
  host                 = "mail01.contoso.com"
  tcp_timed_wait_delay = 30 # seconds
}

# Web front ends under a company baseline.
resource "windows_tcpip_tuning" "web" {
  for_each = toset(["web01.contoso.com", "web02.contoso.com"])

  host                         = each.key
  tcp_timed_wait_delay         = 60
  keep_alive_time              = 300000 # milliseconds: five minutes
  tcp_max_data_retransmissions = 3

  on_destroy = "restore" # the default: put back what was there before
  timeouts = {
    create = "5m"
  }
}

# An old server, where MaxUserPort sets the size of the port pool.
resource "windows_tcpip_tuning" "relay" {
  host                 = "relay-2003.contoso.com"
  tcp_timed_wait_delay = 30
  max_user_port        = 65534
}
