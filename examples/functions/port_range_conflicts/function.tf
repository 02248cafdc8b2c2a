terraform {
  required_providers {
    windows = { source = "windows-baseline/windows" }
  }
}

locals {
  services = {
    "SQL Server"     = 1433
    "Remote Desktop" = 3389
    "WinRM"          = 5985
    "our own broker" = 12000
  }
}

# An error at plan time if the range would take a port that a service listens on.
variable "range" {
  type = object({
    start_port      = number
    number_of_ports = number
  })
  default = {
    start_port      = 20000
    number_of_ports = 45536
  }

  validation {
    condition     = length(provider::windows::port_range_conflicts(var.range.start_port, var.range.number_of_ports, [1433, 3389, 5985])) == 0
    error_message = "The range contains the port of SQL Server, Remote Desktop or WinRM."
  }
}

# A warning for the services that can be given another port.
check "services" {
  assert {
    condition = length(provider::windows::port_range_conflicts(var.range.start_port, var.range.number_of_ports, values(local.services))) == 0
    error_message = format("Reserve these ports, or move the range: %s.", join(", ",
      provider::windows::port_range_conflicts(var.range.start_port, var.range.number_of_ports, values(local.services))
    ))
  }
}
