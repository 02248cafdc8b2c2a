# A mail server that opens many connections: closed ones free their port after 30 seconds instead of minutes, and there
# are 55536 ports instead of 16384. (Server 2008 and later. Before you widen the range: read the guide of that name.)
resource "windows_tcpip_tuning" "mail" {
  host                 = "mail01.contoso.com"
  tcp_timed_wait_delay = 30 # seconds; takes effect after the next restart of the host

  dynamic_port_range = {
    tcp = { # for IPv4 and IPv6, at once
      start_port      = 10000
      number_of_ports = 55536
    }
  }
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

# Windows Server 2003, where MaxUserPort sets the size of the port pool: 1025 to this port.
resource "windows_tcpip_tuning" "relay" {
  host                 = "relay-2003.contoso.com"
  tcp_timed_wait_delay = 30
  max_user_port        = 65534
}
