# The baselines by name. Copy the module and change them to yours: this file is the one to edit.
#
# What stands under "every" holds for each host; what stands under its Windows is added. The split is there for one thing, the
# pool of ports for outgoing connections: MaxUserPort sets it on Server 2003, the dynamic port range on 2008 and later, where
# MaxUserPort is not to be used (guide "Which setting rules on which Windows").

locals {
  baselines = {
    # Opens a connection for each message and closes it first: ports back after 30 seconds, and about 55,000 of them. Mail
    # filters, Remote Desktop and WinRM listen below 10000. Reasons: examples/mail-server. Exchange sets a range of its own:
    # overrides = { dynamic_port_range = null } there.
    mail_server = {
      every   = { tcp_timed_wait_delay = 30 } # seconds
      "2003"  = { max_user_port = 65534 }     # the pool is 1025 to this port: services need ReservedPorts
      "2008+" = { dynamic_port_range = { tcp = { start_port = 10000, number_of_ports = 55536 } } }
    }

    # Answers browsers and calls application servers: keep-alives and retransmissions as CIS has them, and a pool above what
    # listens on such servers (8080, 8172). Reasons: examples/web-front-end. That one has no Server 2003: 65534 is for want
    # of a pool that starts higher.
    web_front_end = {
      every   = { tcp_timed_wait_delay = 60, keep_alive_time = 300000, tcp_max_data_retransmissions = 3 }
      "2003"  = { max_user_port = 65534 }
      "2008+" = { dynamic_port_range = { tcp = { start_port = 20000, number_of_ports = 45536 } } }
    }

    # The widest pool above WinRM's 5985 and 5986. Services inside it need a reservation first. Reasons: examples/load-generator.
    load_generator = {
      every   = { tcp_timed_wait_delay = 30 }
      "2003"  = { max_user_port = 65534 }
      "2008+" = { dynamic_port_range = { tcp = { start_port = 6000, number_of_ports = 59536 } } }
    }

    # The two values of CIS' Windows Server benchmarks that this provider manages, both of Level 2: "MSS: (KeepAliveTime)" 300,000
    # milliseconds and "MSS: (TcpMaxDataRetransmissions)" 3 (18.5.5 of "CIS Microsoft Windows Server 2022 Benchmark" 3.0.0 for the
    # first; 18.4.5 and 18.4.11 of "… 2008 R2 Benchmark" 3.1.0 for both). What it leaves out: README.md.
    cis_mss = {
      every   = { keep_alive_time = 300000, tcp_max_data_retransmissions = 3 }
      "2003"  = {}
      "2008+" = {}
    }
  }
}
